// SPDX-License-Identifier: Apache-2.0
// What all elements look like. Each colour is a custom property that a page may set; without one it
// follows the page's own color-scheme.
import { css } from "lit";

export const look = css`
  :host {
    --_text: var(--syn-text, light-dark(#10222b, #e8eff1));
    --_quiet: var(--syn-quiet, light-dark(#4a5c65, #a6b8bf));
    --_paper: var(--syn-paper, light-dark(#ffffff, #101d23));
    --_line: var(--syn-line, light-dark(#d8e0e2, #263840));
    --_edge: var(--syn-edge, light-dark(#6b7f88, #758b94));
    --_ink: var(--syn-ink, light-dark(#0b4a5c, #93d2e2));
    --_ink-hover: var(--syn-ink-hover, light-dark(#07323f, #bfe6f0));
    --_on-ink: var(--syn-on-ink, light-dark(#ffffff, #06222b));
    --_hover: var(--syn-hover, light-dark(#e8eef0, #1e323a));
    --_radius: var(--syn-radius, 4px);
    --_font: var(--syn-font, inherit);
    display: inline-block;
    color: var(--_text);
    font-family: var(--_font);
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before {
    box-sizing: border-box;
  }
  button,
  a.button {
    display: inline-flex;
    align-items: center;
    gap: 0.5em;
    min-block-size: 44px;
    padding: 0.4em 1em;
    border: 1px solid transparent;
    border-radius: var(--_radius);
    background: var(--_ink);
    color: var(--_on-ink);
    font: inherit;
    font-weight: 600;
    text-decoration: none;
    cursor: pointer;
  }
  button:hover,
  a.button:hover {
    background: var(--_ink-hover);
  }
  button:disabled {
    opacity: 0.55;
    cursor: default;
  }
  :focus-visible {
    outline: 3px solid var(--syn-focus, light-dark(#10222b, #f5b933));
    outline-offset: 2px;
  }
  @media (forced-colors: active) {
    button,
    a.button {
      border-color: ButtonText;
    }
  }
`;

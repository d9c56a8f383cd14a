// SPDX-License-Identifier: Apache-2.0
export { Refused } from "./base.js";
export * from "./generated.js";
export { Forged, verify } from "./webhooks.js";

// The picker was in a window of its own, opened by the screen of a PC: back to the screen.
export {};

window.close();

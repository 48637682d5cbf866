/** One for all: making an encoder costs more than encoding a name. */
export const utf8 = new TextEncoder();

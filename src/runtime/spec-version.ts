/** The version of the runtime specification that husk follows. */
export const SPEC_VERSION = "1.3.0";

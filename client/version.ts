/** The version that the clients name in `User-Agent`; a test holds it to the one of the package. */
export const VERSION = '0.1.0';

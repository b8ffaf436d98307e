/** Where the built page lies: `index.html` and the files it names. */
export const pageRoot: URL = new URL('./page/', import.meta.url);

/** Where the gateway takes a one-time token and gives a cookie. */
export const AUTH_PATH = "/auth/session";

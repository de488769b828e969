package dev.sharder.examples.hub.lti;

/**
 * A login by LTI 1.3 that has begun.
 *
 * @param location where the platform is asked who the user is
 * @param cookie what binds the login to the browser, as in {@code Set-Cookie}
 */
public record OidcLoginRedirect(String location, String cookie) {}

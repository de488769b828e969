package dev.sharder.examples.hub.redirect;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;

/** Where on this site to send a user back to: never to another site. */
public final class ReturnPath {

  private static final String SHARD = "/shard";
  private static final String HOME = "/";

  /** Between slashes of either kind, and perhaps with parameters, which some servers cut off. */
  private static final Pattern DOT_SEGMENT =
      Pattern.compile(
          "(?:^|[/\\\\]|%2f|%5c)(?:\\.|%2e){1,2}(?:$|[/\\\\;#]|%2f|%5c|%3b)",
          Pattern.CASE_INSENSITIVE);

  private ReturnPath() {}

  /** Returns whether the sharder itself is requested: {@code /shard} or something below it. */
  public static boolean isBelowShard(String uri) {
    return isBelow(SHARD, uri);
  }

  /** Returns whether a URI has this path, or one below it. */
  public static boolean isBelow(String path, String uri) {
    String asked = path(uri);
    return asked.equals(path) || asked.startsWith(path.endsWith("/") ? path : path + "/");
  }

  private static String path(String uri) {
    int query = uri.indexOf('?');
    return query < 0 ? uri : uri.substring(0, query);
  }

  /**
   * Returns what the user first asked for, byte for byte: the original URI that nginx passes, else
   * the rest of the path with the query. Without one, or with one that could lead off this site, it
   * is {@code /}. So it is for a path with dot segments: no browser sends one, and it would lead
   * out of where {@code location} puts it.
   */
  static String of(Optional<String> originalUri, String path, String query) {
    String asked = originalUri.orElseGet(() -> query.isEmpty() ? path : path + "?" + query);
    String rest = withoutShard(asked);
    return isLocal(rest) ? rest : HOME;
  }

  /** Strips the sharder's own path, which would cause a redirect loop. */
  private static String withoutShard(String uri) {
    if (!isBelowShard(uri)) {
      return uri;
    }
    String rest = uri.substring(SHARD.length());
    return rest.startsWith("/") ? rest : HOME + rest;
  }

  /** Returns whether a URI starts with one slash, so that no browser reads a host name in it. */
  public static boolean isLocal(String uri) {
    return uri.startsWith("/")
        && !uri.startsWith("//")
        && uri.chars().noneMatch(c -> c <= ' ' || c == 0x7f || c == '\\')
        && isText(uri)
        && !hasDotSegment(uri);
  }

  /**
   * Returns whether the path of a URI has a segment that is {@code .} or {@code ..}, however it is
   * written: a proxy in front may have decoded it, and so have looked at another path.
   */
  public static boolean hasDotSegment(String uri) {
    boolean mayHaveDot = uri.indexOf('.') >= 0 || uri.indexOf('%') >= 0;
    return mayHaveDot && DOT_SEGMENT.matcher(path(uri)).find();
  }

  /** HTTP hands over bytes as characters; in those over ASCII more control characters may hide. */
  private static boolean isText(String uri) {
    if (uri.chars().allMatch(c -> c < 0x80)) {
      return true;
    }
    String text = new String(uri.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    // What is not UTF-8 has been replaced.
    return text.chars().noneMatch(c -> Character.isISOControl(c) || c == '\ufffd');
  }
}

package dev.sharder.examples.hub.redirect;

import dev.sharder.AssignmentRequest;
import dev.sharder.InvalidValueException;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * Normalizes user names from nginx, learning platforms, operators and files; the only place where
 * names are lowercased.
 *
 * <p>JupyterHub lowercases names, and so a name is lowercased here as RFC 8265 has it for usernames
 * (UsernameCaseMapped, section 3.3.3: Unicode's own mapping). What that RFC would map besides,
 * widths and compositions, stays as it is, as JupyterHub leaves it: two names that differ there are
 * two users. A name whose characters would map to another name's is refused, instead of giving one
 * user the hub of another: only plain pairs of a capital and a small letter are mapped, so that
 * U+212A, the Kelvin sign, never becomes k.
 *
 * @param lowercase whether names are lowercased; if not, Ada and ada are two users
 */
public record UserNames(boolean lowercase) {

  /**
   * Returns the user's name as the hubs know it.
   *
   * @param said the name as it came
   * @return the name
   * @throws InvalidValueException if it is not a name, has white space or invisible characters
   *     around it, or cannot be lowercased without becoming another's
   */
  public String spelled(String said) {
    if (isPlain(said)) {
      return said;
    }
    // Refuses invalid object names, and shows control characters by number.
    AssignmentRequest.of(HubNames.KIND, said);
    int first = said.codePointAt(0);
    int last = said.codePointBefore(said.length());
    if (isOutside(first) || isOutside(last)) {
      throw new InvalidValueException(
          "user name '%s' begins or ends with %s, which is invisible; remove it"
              .formatted(said, shown(isOutside(first) ? first : last)));
    }
    return lowercase ? lowercased(said) : said;
  }

  /** Most names are short, and of small letters, digits and signs. */
  private static boolean isPlain(String name) {
    for (int i = 0; i < name.length(); i++) {
      char unit = name.charAt(i);
      if (unit <= ' ' || unit > '~' || (unit >= 'A' && unit <= 'Z')) {
        return false;
      }
    }
    return !name.isEmpty();
  }

  /**
   * Fillers, joiners and variation selectors (UAX 44, default ignorable), and the blank of Braille.
   */
  private static final Pattern UNSEEN =
      Pattern.compile(
          "[\\x{34f}\\x{115f}\\x{1160}\\x{17b4}\\x{17b5}\\x{180b}-\\x{180f}\\x{2800}\\x{3164}"
              + "\\x{fe00}-\\x{fe0f}\\x{ffa0}\\x{fff0}-\\x{fff8}\\x{e0000}-\\x{e0fff}]");

  /** JupyterHub refuses names with white space around them; invisible characters look like none. */
  private static boolean isOutside(int codePoint) {
    return Character.isSpaceChar(codePoint)
        || Character.getType(codePoint) == Character.FORMAT
        || UNSEEN.matcher(Character.toString(codePoint)).matches();
  }

  private static String lowercased(String said) {
    String lower = said.toLowerCase(Locale.ROOT);
    OptionalInt unpaired = said.codePoints().filter(c -> !isPaired(c)).findFirst();
    // Unicode writes a capital sigma in two ways, by its place.
    boolean isByPlace = !lower.equals(oneByOne(said));
    if (unpaired.isPresent() || isByPlace) {
      throw new InvalidValueException(
          "user name '%s' has %s, which would become another name's in lower case; write the name in small letters"
              .formatted(said, shown(unpaired.orElse(SIGMA))));
    }
    return lower;
  }

  private static final int SIGMA = 0x3a3;

  private static boolean isPaired(int codePoint) {
    int lower = Character.toLowerCase(codePoint);
    return lower == codePoint || Character.toUpperCase(lower) == codePoint;
  }

  private static String oneByOne(String said) {
    StringBuilder lower = new StringBuilder(said.length());
    said.codePoints().map(Character::toLowerCase).forEach(lower::appendCodePoint);
    return lower.toString();
  }

  private static String shown(int codePoint) {
    return "U+%04X".formatted(codePoint);
  }
}

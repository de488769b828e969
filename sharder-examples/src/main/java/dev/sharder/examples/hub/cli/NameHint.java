package dev.sharder.examples.hub.cli;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.examples.hub.redirect.HubNames;
import dev.sharder.examples.hub.redirect.UserNames;

/** The hint at another name that may be meant, because commands take names unchanged. */
final class NameHint {

  private NameHint() {}

  /** Shows the name that serve uses, or else an existing one, if it differs by capital letters. */
  static void show(OutputOptions output, Opened opened, String object) {
    String small = inSmallLetters(object);
    boolean isLowercased =
        opened.kind().equals(HubNames.KIND) && opened.settings().users().lowercase();
    if (small.equals(object) || !(isLowercased || opened.admin().find(small).isPresent())) {
      return;
    }
    output
        .err()
        .println(
            "names are exact, and '%s' is used unchanged; %s"
                .formatted(
                    object,
                    isLowercased
                        ? "serve uses '%s', unless its configuration has lowercase: false"
                            .formatted(small)
                        : "there is also a '%s'".formatted(small)));
  }

  private static String inSmallLetters(String object) {
    try {
      return new UserNames(true).spelled(object);
    } catch (InvalidValueException noUser) {
      return object;
    }
  }
}

package dev.sharder.examples.hub.cli;

import dev.sharder.BinLoad;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.redirect.HubNames;
import java.io.PrintWriter;
import java.text.Normalizer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Checks bins that would be new to a kind: valid names, and likely misspellings of known bins. */
final class NewBinCheck {

  /** Letters and digits that look like another one, and that one, from UTS 39. */
  private static final String ALIKE = "авсԁеһіјкӏмпорԛѕтѵԝхуαβεηικνορτυχγ01i|";

  private static final String LATIN = "abcdehljklmnopqstvwxyabenlkvoptuxyolll";

  private final String kind;
  private final PrintWriter err;
  private final Set<String> known = new HashSet<>();
  private final Map<String, String> bySkeleton = new HashMap<>();
  private final Map<String, Optional<String>> judged = new HashMap<>();

  NewBinCheck(String kind, List<BinLoad> known, PrintWriter err) {
    this.kind = kind;
    this.err = err;
    for (BinLoad bin : known) {
      this.known.add(bin.name());
      bySkeleton.putIfAbsent(skeleton(bin.name()), bin.name());
    }
  }

  boolean isNew(String bin) {
    return !known.contains(bin);
  }

  /**
   * Returns why the bin cannot be added; warns once if its name looks like another bin's.
   *
   * @param where the place that names it, such as {@code line 7}
   */
  Optional<String> problem(String where, String bin) {
    return isNew(bin) ? judged.computeIfAbsent(bin, name -> judge(where, name)) : Optional.empty();
  }

  private Optional<String> judge(String where, String bin) {
    Optional<String> meant = meant(bin);
    if (kind.equals(HubNames.KIND)) {
      try {
        HubNames.checkCookieSafe(bin);
      } catch (InvalidValueException useless) {
        return Optional.of(useless.getMessage() + meant.map(NewBinCheck::question).orElse(""));
      }
    }
    meant.ifPresent(other -> warn(where, bin, other));
    bySkeleton.putIfAbsent(skeleton(bin), bin);
    return Optional.empty();
  }

  private void warn(String where, String bin, String meant) {
    boolean isByCase = kind.equals(HubNames.KIND) && bin.equalsIgnoreCase(meant);
    err.println(
        "%s: bin '%s' is new to kind '%s'%s%s"
            .formatted(
                where,
                bin,
                kind,
                question(meant),
                isByCase
                    ? " nginx takes only one of two hubs whose names differ only by case."
                    : ""));
  }

  /** Returns a "did you mean" question if a known bin looks like this one. */
  String hint(String bin) {
    return meant(bin).map(NewBinCheck::question).orElse("");
  }

  private Optional<String> meant(String bin) {
    return Optional.ofNullable(bySkeleton.get(skeleton(bin))).filter(other -> !other.equals(bin));
  }

  private static String question(String meant) {
    return "; did you mean '%s'?".formatted(meant);
  }

  /**
   * Returns the visual skeleton of a name: without invisible characters, lowercased, with one dash
   * between words, and with letters that look alike replaced by one of them.
   */
  private static String skeleton(String name) {
    StringBuilder skeleton = new StringBuilder(name.length());
    Normalizer.normalize(name, Normalizer.Form.NFKD)
        .toLowerCase(Locale.ROOT)
        .replaceAll("[\\p{Cf}\\p{Mn}]|^[\\s\\p{Z}]+|[\\s\\p{Z}]+$", "")
        .replaceAll("[\\s\\p{Z}\\p{Pd}_\u2212]+", "-")
        .codePoints()
        .map(NewBinCheck::alike)
        .forEach(skeleton::appendCodePoint);
    return skeleton.toString();
  }

  private static int alike(int codePoint) {
    int at = ALIKE.indexOf(codePoint);
    return at < 0 ? codePoint : LATIN.charAt(at);
  }
}

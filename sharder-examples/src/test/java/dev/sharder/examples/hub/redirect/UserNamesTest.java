package dev.sharder.examples.hub.redirect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.api.RunningApi;
import dev.sharder.examples.hub.config.SettingsException;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No name becomes another user's. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UserNamesTest {

  /** Of the planes above this one, none has capital letters. */
  private static final int LAST_WITH_CASE = 0x1ffff;

  private static final UserNames LOWER = new UserNames(true);
  private static final UserNames EXACT = new UserNames(false);

  @TempDir private Path folder;

  @Test
  @DisplayName(
      "Over all of Unicode, a name becomes only that of which it is the plain capital form")
  void onlyPairs() {
    List<String> wrong = new ArrayList<>();
    for (String form : new String[] {"%sim", "ki%s", "%s"}) {
      Map<String, String> takenBy = new HashMap<>();
      for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
        String said = form.formatted(Character.toString(c));
        String spelled = spelled(said);
        if (spelled == null) {
          continue;
        }
        boolean isAscii = spelled.chars().allMatch(unit -> unit < 0x80);
        String other = c > LAST_WITH_CASE ? spelled : takenBy.putIfAbsent(spelled, said);
        boolean isPaired = other == null || isPair(said, other);
        if (isAscii != (c < 0x80) || !isPaired || !spelled.equals(spelled(spelled))) {
          wrong.add("U+%04X: '%s' becomes '%s', as '%s'".formatted(c, said, spelled, other));
        }
      }
      assertThat(takenBy).as("most letters are taken").hasSizeGreaterThan(100_000);
    }
    assertThat(wrong).isEmpty();
  }

  /** Returns whether two names are the plain small and capital form of one another, or the same. */
  private static boolean isPair(String one, String other) {
    return mapped(one, Character::toLowerCase).equals(mapped(other, Character::toLowerCase))
        && mapped(one, Character::toUpperCase).equals(mapped(other, Character::toUpperCase));
  }

  private static String mapped(String text, IntUnaryOperator mapping) {
    StringBuilder mapped = new StringBuilder();
    text.codePoints().map(mapping).forEach(mapped::appendCodePoint);
    return mapped.toString();
  }

  private static String spelled(String said) {
    try {
      return LOWER.spelled(said);
    } catch (InvalidValueException refused) {
      return null;
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u212aim",
        "\u212bsa",
        "\u2126",
        "\u0130lker",
        "\u01c5",
        "\u03f4",
        "\u039f\u03a3"
      })
  @DisplayName(
      "A name whose capital letter is another's too is refused, with its number and the cure")
  void unpairedIsRefused(String name) {
    assertThatThrownBy(() -> LOWER.spelled(name))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageMatching("user name '.*' has U\\+[0-9A-F]{4}, .*; write the name in small .*");
    assertThat(EXACT.spelled(name)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " ada",
        "ada ",
        "\u00a0ada",
        "ada\u3000",
        "\u200bada",
        "ada\ufeff",
        "\u00a0",
        "\u200b"
      })
  @DisplayName(
      "A name with blanks or invisible characters around it, or with nothing else, is refused")
  void nothingUnseenAround(String name) {
    for (UserNames names : new UserNames[] {LOWER, EXACT}) {
      assertThatThrownBy(() -> names.spelled(name)).isInstanceOf(InvalidValueException.class);
    }
  }

  @Test
  @DisplayName("What people are called is taken")
  void peopleAreTaken() {
    Map<String, String> names =
        Map.of(
            "ADA@Example.ORG",
            "ada@example.org",
            "Élodie",
            "élodie",
            "ЖЕНЯ",
            "женя",
            "Ada L",
            "ada l",
            "\u1e9eE".substring(1),
            "e",
            "日本",
            "日本",
            "αδάμ",
            "αδάμ",
            "ⅫI",
            "ⅻi",
            "\ud83d\udc69\u200d\ud83d\udc67",
            "\ud83d\udc69\u200d\ud83d\udc67");
    names.forEach((said, spelled) -> assertThat(LOWER.spelled(said)).isEqualTo(spelled));
    names.keySet().forEach(said -> assertThat(EXACT.spelled(said)).isEqualTo(said));
  }

  @Test
  @DisplayName("No one gets the hub or the page of an admin by a name that folds into theirs")
  void nobodyBecomesAnAdmin() throws Exception {
    try (RunningApi api = start("admins: [Kim]\n")) {
      HubAnswer kim = api.hub().get("/shard", "KIM");
      assertThat(kim.status()).isEqualTo(302);
      for (String name :
          new String[] {
            "\u212aim", "\u00a0kim", "kim\u00a0", "\u200bkim", "kim\u2060", "\u3000KIM"
          }) {
        HubAnswer answer = api.hub().get("/shard", name);
        assertThat(answer.status()).as(name).isEqualTo(400);
        assertThat(answer.headers("Set-Cookie")).isEmpty();
        assertThat(
                api.hub()
                    .ask("GET", "/api/v1/me", "Host: 127.0.0.1", "REMOTE_USER: " + name)
                    .status())
            .as(name)
            .isEqualTo(403);
      }
      // Letters of full width are other letters, to JupyterHub too.
      assertThat(api.hub().get("/shard", "\uff4b\uff49\uff4d").status()).isEqualTo(302);
      assertThat(api.get("/kinds/hub/assignments?prefix=kim").json().path("assignments"))
          .hasSize(1);
      assertThat(api.hub().ask("GET", "/api/v1/me", "Host: 127.0.0.1", "REMOTE_USER: kIm").body())
          .contains("\"kim\"");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"(null)", "-"})
  @DisplayName("What a proxy writes where there is no user is no one")
  void noOne(String word) throws Exception {
    try (RunningApi api = start("admins: ['%s']\n".formatted(word))) {
      for (String path : new String[] {"/shard", "/auth", "/check"}) {
        assertThat(api.hub().get(path, word).status()).as(path).isEqualTo(401);
      }
      assertThat(
              api.hub()
                  .ask("GET", "/api/v1/me", "Host: 127.0.0.1", "REMOTE_USER: " + word)
                  .status())
          .isEqualTo(403);
      assertThat(api.get("/kinds/hub/assignments").json().path("assignments")).isEmpty();
    }
  }

  @Test
  @DisplayName("An admin who could never be named is refused at the start, where it is written")
  void anImpossibleAdmin() throws Exception {
    for (String name : new String[] {" ada", "\u212aim", "\u00a0"}) {
      Path file = Files.writeString(folder.resolve("s.yml"), "admins: ['" + name + "']\n");
      assertThatThrownBy(() -> RunningHub.start("jdbc:sqlite::memory:", file))
          .isInstanceOf(SettingsException.class)
          .hasMessageContaining("s.yml line 1: admins: ");
    }
  }

  private RunningApi start(String settings) throws Exception {
    return RunningApi.start(
        folder, "jdbc:sqlite::memory:", settings + "proxy-secrets: [" + RunningHub.SECRET + "]\n");
  }
}

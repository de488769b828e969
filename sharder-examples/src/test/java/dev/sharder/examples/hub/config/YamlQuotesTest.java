package dev.sharder.examples.hub.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sharder.examples.hub.nginx.NginxMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A value that YAML reads as something else is shown as it should have been written. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class YamlQuotesTest {

  private static final String ADVICE = "put it in quotes: ";

  @TempDir private Path folder;

  private Settings read(String yaml) {
    try {
      Path config = Files.writeString(folder.resolve("sharder.yml"), yaml);
      return SettingsReader.read(config, null, null, List.of(), Map.of());
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  private String complaint(String yaml) {
    SettingsException refusal = catchThrowableOfType(SettingsException.class, () -> read(yaml));
    assertThat(refusal).as("is taken: %s", yaml).isNotNull();
    assertThat(refusal.getMessage().lines()).hasSize(1);
    return refusal.getMessage();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          listen: [::1]:8888                   | listen: "[::1]:8888"
          listen: [::1]:8888 # here            | listen: "[::1]:8888" # here
          proxy-listen: [::1]:8000             | proxy-listen: "[::1]:8000"
          trusted: [127.0.0.1, ::1]            | trusted: [127.0.0.1, "::1"]
          nginx-resolver: [::1]:53             | nginx-resolver: ["[::1]:53"]
          nginx-resolver: [[::1]:53]           | nginx-resolver: ["[::1]:53"]
          location: {bin}/x                    | location: "{bin}/x"
          location: http: //x                  | location: "http: //x"
          cookie-domain: @x                    | cookie-domain: "@x"
          cookie-domain: %x                    | cookie-domain: "%x"
          cookie-domain: *x                    | cookie-domain: "*x"
          cookie-domain: !x                    | cookie-domain: "!x"
          cookie-domain: - x                   | cookie-domain: "- x"
          cookie-domain: 1.10                  | cookie-domain: "1.10"
          listen: 8888                         | listen: "8888"
          location: yes # here                 | location: "yes" # here
          bins: [no, hub-2]                    | bins: ["no", hub-2]
          trusted: [10.0]                      | trusted: ["10.0"]
          bins: [{name: yes}]                  | bins: [{name: "yes"}]
          bins: [{name: a, labels: {address: [::1]:80}}] | bins: [{name: a, labels: {address: "[::1]:80"}}]
          """)
  @DisplayName("The line is shown in quotes, and is valid so")
  void lines(String written, String advised) {
    assertThat(complaint("ramp: 0.5\n" + written + "\n"))
        .contains("sharder.yml line 2: ")
        .endsWith(ADVICE + advised);
    assertThat(complaint(written + "\n"))
        .contains("sharder.yml line 1: ")
        .endsWith(ADVICE + advised);
    assertThat(YamlFile.parse(advised)).isInstanceOf(Map.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"@hush", "*hush", "&hush", "#hush", "a: hush", "[hush", "{hush}x", "%hush"})
  @DisplayName("A secret is not shown")
  void secrets(String secret) {
    for (String key : List.of("database-password", "proxy-routes-token")) {
      assertThat(complaint(key + ": " + secret + "\n")).contains("quotes").doesNotContain("hush");
    }
    assertThat(complaint("cookie-keys:\n- " + secret + "x\n")).doesNotContain("hush");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "  database-password: @1234.50\n",
        "  listen: 127.0.0.1:1\n  database-password: @1234.50\n  ramp: 0.5\n  x: @y\n",
        "  cookie-keys:\n  - @1234.50\n  x: @y\n",
        "{database-password: @1234.50}\n",
        "{listen: '127.0.0.1:1', database-password: @1234.50}\n",
        "{database-password:\n  @1234.50}\n",
        "listen: 127.0.0.1:1\n\"database-password\": @1234.50\n",
        "listen: 127.0.0.1:1\ndatabase-password : @1234.50\n",
        "listen: 127.0.0.1:1\n'cookie-keys':\n- @1234.50\n"
      })
  @DisplayName("A secret is not shown wherever its key is")
  void secretsElsewhere(String yaml) {
    assertThat(complaint(yaml)).doesNotContain("1234.50");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "database-password: 12345678\n",
        "cookie-keys: [abc, 12345678]\n",
        "proxy-secrets:\n- 1234.5678\n",
        "lti-consumers:\n- 12345678\n"
      })
  @DisplayName("A secret of digits is to be in quotes, and is not shown")
  void numbers(String yaml) {
    assertThat(complaint(yaml)).endsWith(ADVICE + "\"…\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"listen: [127.0.0.1:8888]", "location: {bin}", "cookie-domain: [[x]]"})
  @DisplayName("A list or a mapping where a text belongs is refused with the cure")
  void notOneText(String yaml) {
    assertThat(complaint(yaml + "\n"))
        .endsWith(" is not text; write one text, in quotes if it begins with [ or {");
  }

  @Test
  @DisplayName("A hub that is no text in a list is shown in quotes on its line")
  void items() {
    assertThat(complaint("bins:\n- hub-1\n- 2\n"))
        .endsWith(
            "line 3: bins[1] is not a name, or a mapping with a name; put it in quotes: - \"2\"");
    assertThat(complaint("bins:\n- [a]\n")).doesNotContain("quotes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1 | api-tokens: [#hush, x]
          1 | api-tokens: [#hush, x]\\nlisten: 127.0.0.1:1
          1 | proxy-secrets: [abc #hush]
          1 | api-tokens: [alice:s3cret#9 #hush, bob:12345678]
          2 | api-tokens: [alice:12345678,\\n  bob:abc #hush]\\nramp: 0.5
          3 | proxy-secrets:\\n- abcdefgh\\n- #hushhush
          3 | cookie-keys:\\n- abcdefgh\\n- abc #hush\\n- abcdefgh
          2 | bins:\\n- #hush
          1 | database-password: abc #hush
          1 | proxy-routes-token: it's #hush
          """)
  @DisplayName("A '#' that hides a value, or a part of a secret, is named with its line")
  void hidden(int line, String yaml) {
    assertThat(complaint(yaml.replace("\\n", "\n") + "\n"))
        .contains("sharder.yml line " + line + ": ", ": '#' begins a comment", "quotes")
        .doesNotContain("hush");
  }

  @Test
  @DisplayName("Comments that hide nothing are taken")
  void comments() {
    Settings settings =
        read(
            """
            #listen: 127.0.0.1:1
            listen: 127.0.0.1:8888 #not a secret
            bins: #those of today
            - #the first
              name: hub-1
            #- hub-2
            database-password: abc # the old one
            cookie-keys: ["abcdefghijklmnopqrstuvwxyz012345"] #in quotes
            """);
    assertThat(settings.port()).isEqualTo(8888);
    assertThat(settings.bins()).hasSize(1);
  }

  @Test
  @DisplayName("Whatever a value is, it is read as it is written, or shown in quotes and read so")
  void values() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    String characters = "aZ1 :,[]{}*&!|>@%`'\"\\-?=~./$_";
    int advised = 0;
    for (int i = 0; i < 3_000; i++) {
      StringBuilder value = new StringBuilder();
      for (int length = 1 + random.nextInt(6); length > 0; length--) {
        value.append(characters.charAt(random.nextInt(characters.length())));
      }
      advised += check(value.toString().strip(), seed) ? 1 : 0;
    }
    assertThat(advised).as("seed %d", seed).isGreaterThan(300);
  }

  /** Returns whether quotes were advised. */
  private boolean check(String value, long seed) {
    YamlFile file = new YamlFile(Path.of("sharder.yml"), "location: " + value + "\n");
    try {
      Object read = file.values().get("location");
      boolean isAsWritten = !value.isEmpty() && "\"'|>&!".indexOf(value.charAt(0)) < 0;
      if (read instanceof String && isAsWritten) {
        assertThat(read).as("seed %d", seed).isEqualTo(value);
      }
      return false;
    } catch (SettingsException refusal) {
      Matcher line =
          Pattern.compile(".*" + ADVICE + "(location: .*)").matcher(refusal.getMessage());
      if (!line.matches()) {
        return false;
      }
      assertThat(YamlFile.parse(line.group(1)))
          .as("seed %d: %s", seed, value)
          .isEqualTo(Map.of("location", value));
      return true;
    }
  }

  @Test
  @DisplayName("The addresses that the errors advise are valid YAML, and are taken")
  void advice() {
    String listen = complaint("listen: here\n");
    assertThat(advised(listen))
        .containsExactly("127.0.0.1:8888", "\"[::1]:8888\"")
        .allSatisfy(
            address -> assertThat(read("listen: " + address + "\n").port()).isEqualTo(8888));
    assertThat(advised(complaint("nginx-resolver: [here]\n")))
        .containsExactly("127.0.0.53", "\"[::1]:53\"")
        .allSatisfy(
            address ->
                assertThat(read("nginx-resolver: [" + address + "]\n").nginxMap())
                    .isInstanceOf(NginxMap.class));
  }

  /** Returns what stands behind "like", as someone would copy it. */
  private static List<String> advised(String complaint) {
    Matcher like = Pattern.compile("like (\\S+) or (\\S+)$").matcher(complaint);
    assertThat(like.find()).as(complaint).isTrue();
    return List.of(like.group(1), like.group(2));
  }

  @Test
  @DisplayName("A name server by IPv6 is taken from the environment too")
  void environment() {
    assertThat(
            SettingsReader.read(
                    null, null, null, List.of(), Map.of("SHARDER_NGINX_RESOLVER", "[::1]:53"))
                .nginxMap()
                .resolvers())
        .containsExactly("[::1]:53");
  }
}

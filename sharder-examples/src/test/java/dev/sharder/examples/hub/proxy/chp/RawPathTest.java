package dev.sharder.examples.hub.proxy.chp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RawPathTest {

  static Stream<Arguments> paths() {
    return Stream.of(
        Arguments.of("/", List.of()),
        Arguments.of("", List.of()),
        Arguments.of("///", List.of()),
        Arguments.of("/user/ada", List.of("user", "ada")),
        Arguments.of("/user/ada/", List.of("user", "ada")),
        Arguments.of("//user//ada//", List.of("user", "", "ada")),
        Arguments.of("/user?x=/y", List.of("user")),
        Arguments.of("/?/a/b", List.of()),
        Arguments.of("/a%20b/c%40d", List.of("a b", "c@d")),
        Arguments.of("/a%2Fb%2fc", List.of("a", "b", "c")),
        Arguments.of("%2F%2fa", List.of("a")),
        Arguments.of("/a%252Fb", List.of("a%2Fb")),
        Arguments.of("/%C3%BC", List.of("ü")),
        Arguments.of("/\u00c3\u00bc", List.of("ü")),
        Arguments.of("/\u00c3%BC", List.of("ü")),
        Arguments.of("/%", List.of("%")),
        Arguments.of("/%zz/%2", List.of("%zz", "%2")),
        Arguments.of("/100%/a%20b%", List.of("100%", "a b%")),
        Arguments.of("/%C3/%20%ff", List.of("%C3", "%20%ff")),
        Arguments.of("/a+b;c=d", List.of("a+b;c=d")));
  }

  @ParameterizedTest
  @MethodSource("paths")
  @DisplayName("a path is decoded once and split at its slashes, and what cannot be decoded stays")
  void segments(String raw, List<String> segments) {
    assertThat(RawPath.segments(raw)).isEqualTo(segments);
  }
}

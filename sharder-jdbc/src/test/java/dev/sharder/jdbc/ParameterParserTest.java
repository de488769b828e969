package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.jdbi.v3.core.statement.ColonPrefixSqlParser;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The parameters of the package's statements are those that Jdbi's parser finds. */
@DisplayName("The parser of parameters")
@Timeout(30)
class ParameterParserTest {

  @Test
  @DisplayName("finds in every statement what Jdbi's own parser finds")
  void everyStatement() {
    List<String> statements =
        Stream.of(SqliteStatements.class, PostgresStatements.class, MariaDbStatements.class)
            .flatMap(type -> Stream.concat(ofMethods(type), ofConstants(type)))
            .distinct()
            .toList();
    assertThat(statements).hasSizeGreaterThan(30).allSatisfy(sql -> assertSame(sql));
  }

  @Test
  @DisplayName("takes no text, comment or cast for a parameter")
  void notParameters() {
    assertSame("SELECT ':a', x::int, -- :b\n :c::text FROM t WHERE d = :d AND e = ':e'''");
  }

  private static void assertSame(String sql) {
    assertThat(ParameterParser.parse(sql)).isEqualTo(new ColonPrefixSqlParser().parse(sql, null));
  }

  private static Stream<String> ofMethods(Class<?> type) {
    return Stream.of(type.getMethods()).flatMap(ParameterParserTest::statement);
  }

  /** Returns the constants with parameters; the others are also run without Jdbi. */
  private static Stream<String> ofConstants(Class<?> type) {
    return Stream.of(type.getFields())
        .filter(field -> field.getType() == String.class)
        .map(ParameterParserTest::value)
        .filter(sql -> sql.contains(":"));
  }

  private static String value(Field constant) {
    try {
      return (String) constant.get(null);
    } catch (IllegalAccessException hidden) {
      throw new AssertionError(hidden);
    }
  }

  private static Stream<String> statement(Method method) {
    SqlQuery query = method.getAnnotation(SqlQuery.class);
    SqlUpdate update = method.getAnnotation(SqlUpdate.class);
    return Stream.of(query == null ? "" : query.value(), update == null ? "" : update.value())
        .filter(sql -> !sql.isEmpty());
  }
}

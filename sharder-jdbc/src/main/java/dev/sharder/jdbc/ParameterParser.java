package dev.sharder.jdbc;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.statement.ParsedSql;
import org.jdbi.v3.core.statement.SqlParser;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * Finds {@code :name} in this package's own statements, of which there are a few dozen. Jdbi's
 * parser, which accepts all SQL, loads its grammar first, and that takes longer than a command
 * does.
 */
final class ParameterParser implements SqlParser {

  /** A text, a comment and a cast have no parameters, but may look as if they had. */
  private static final Pattern TOKEN = Pattern.compile("'[^']*'|--[^\\n]*|::|:(\\w+)");

  private static final Map<String, ParsedSql> PARSED = new ConcurrentHashMap<>();

  @Override
  public ParsedSql parse(String sql, StatementContext context) {
    return parse(sql);
  }

  static ParsedSql parse(String sql) {
    return PARSED.computeIfAbsent(sql, ParameterParser::parsed);
  }

  private static ParsedSql parsed(String sql) {
    ParsedSql.Builder result = ParsedSql.builder();
    Matcher token = TOKEN.matcher(sql);
    int end = 0;
    while (token.find()) {
      String name = token.group(1);
      if (name != null) {
        result.append(sql.substring(end, token.start())).appendNamedParameter(name);
        end = token.end();
      }
    }
    return result.append(sql.substring(end)).build();
  }

  @Override
  public String nameParameter(String name, StatementContext context) {
    return ":" + name;
  }
}

package dev.sharder.history;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import javax.sql.DataSource;

/** Wraps a data source, and removes row locks from all statements. */
final class UnlockedDataSource {

  private static final Pattern LOCK = Pattern.compile("FOR (NO KEY )?UPDATE");

  private UnlockedDataSource() {}

  /** Returns the wrapped data source, which counts the statements that would lock rows. */
  static DataSource dataSource(DataSource right, AtomicInteger unlocked) {
    return proxy(
        DataSource.class,
        right,
        (method, arguments, result) ->
            result instanceof Connection connection ? connection(connection, unlocked) : result,
        unlocked);
  }

  private static Connection connection(Connection right, AtomicInteger unlocked) {
    return proxy(Connection.class, right, (method, arguments, result) -> result, unlocked);
  }

  private interface Passing {
    Object passed(String method, Object[] arguments, Object result) throws SQLException;
  }

  private static <T> T proxy(Class<T> type, T right, Passing passing, AtomicInteger unlocked) {
    return type.cast(
        Proxy.newProxyInstance(
            UnlockedDataSource.class.getClassLoader(),
            new Class<?>[] {type},
            (self, method, given) -> {
              Object[] arguments = given == null ? new Object[0] : given.clone();
              if (arguments.length > 0 && arguments[0] instanceof String sql) {
                arguments[0] = LOCK.matcher(sql).replaceAll("");
                unlocked.addAndGet(arguments[0].equals(sql) ? 0 : 1);
              }
              try {
                return passing.passed(method.getName(), arguments, method.invoke(right, arguments));
              } catch (InvocationTargetException failure) {
                throw failure.getCause();
              }
            }));
  }
}

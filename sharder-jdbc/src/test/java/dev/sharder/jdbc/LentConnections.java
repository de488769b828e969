package dev.sharder.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;

/** Data sources that lend the connections of another one, changed by a test. */
final class LentConnections {

  private LentConnections() {}

  /** Returns the data source, each of whose connections the function is given as it is lent. */
  static DataSource through(UnaryOperator<Connection> lent, DataSource right) {
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (source, method, arguments) -> {
              try {
                Object result = method.invoke(right, arguments);
                return result instanceof Connection connection ? lent.apply(connection) : result;
              } catch (InvocationTargetException failure) {
                throw failure.getCause();
              }
            });
  }
}

package dev.sharder.jdbc;

import dev.sharder.StoreException;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Lends one connection to one thread at a time; closing it hands it back. For a database that lives
 * in its connection.
 */
final class SharedConnection implements DataSource, AutoCloseable {

  private final Connection connection;
  private final ReentrantLock lent = new ReentrantLock(true);

  SharedConnection(Connection connection) {
    this.connection = connection;
  }

  @Override
  public Connection getConnection() throws SQLException {
    try {
      lent.lockInterruptibly();
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
      throw new SQLTransientException(
          "other threads of this program are using the database in memory", interruption);
    }
    AtomicBoolean open = new AtomicBoolean(true);
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "close" -> handBack(open);
                  case "isClosed" -> !open.get() || connection.isClosed();
                  default -> pass(method, arguments);
                });
  }

  private @Nullable Object handBack(AtomicBoolean open) {
    if (open.compareAndSet(true, false)) {
      lent.unlock();
    }
    return null;
  }

  private @Nullable Object pass(Method method, Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(connection, arguments);
    } catch (InvocationTargetException thrown) {
      throw thrown.getTargetException();
    }
  }

  @Override
  public Connection getConnection(String username, String password) throws SQLException {
    return getConnection();
  }

  @Override
  public void close() {
    lent.lock();
    try {
      connection.close();
    } catch (SQLException failure) {
      throw new StoreException("the shared connection could not be closed", failure);
    } finally {
      lent.unlock();
    }
  }

  @Override
  public PrintWriter getLogWriter() {
    throw new UnsupportedOperationException("logs by SLF4J");
  }

  @Override
  public void setLogWriter(PrintWriter out) {
    throw new UnsupportedOperationException("logs by SLF4J");
  }

  @Override
  public void setLoginTimeout(int seconds) {}

  @Override
  public int getLoginTimeout() {
    return 0;
  }

  @Override
  public Logger getParentLogger() {
    return Logger.getGlobal();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLException("wraps no " + type);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }
}

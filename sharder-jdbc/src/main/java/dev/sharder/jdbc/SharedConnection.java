package dev.sharder.jdbc;

import dev.sharder.StoreException;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Lends one connection to all threads, for a database that exists only in its connection. Closing a
 * lent connection does not close the shared one. The threads take turns by holding a lock.
 */
final class SharedConnection implements DataSource, AutoCloseable {

  /** How long closing waits for a running statement. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Connection connection;
  private final ReentrantLock turn;
  private final boolean wasAutoCommit;

  /**
   * Shares the connection, in auto-commit mode until it is closed.
   *
   * @param turn the lock that is held by the thread using the connection
   */
  SharedConnection(Connection connection, ReentrantLock turn) throws SQLException {
    this.connection = connection;
    this.turn = turn;
    this.wasAutoCommit = connection.getAutoCommit();
    // Here, because one thread must not change it while another is in a transaction.
    connection.setAutoCommit(true);
  }

  @Override
  public Connection getConnection() {
    AtomicBoolean open = new AtomicBoolean(true);
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  // Closing or aborting the shared connection would delete the database.
                  case "close", "abort" -> handBack(open);
                  case "isClosed" -> !open.get() || connection.isClosed();
                  default -> pass(method, arguments);
                });
  }

  private @Nullable Object handBack(AtomicBoolean open) {
    open.set(false);
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
  public Connection getConnection(String username, String password) {
    return getConnection();
  }

  @Override
  public void close() {
    try (connection) {
      if (turn.tryLock(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
        turn.unlock();
      }
      if (!connection.isClosed()) {
        connection.setAutoCommit(wasAutoCommit);
      }
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    } catch (SQLException failure) {
      throw new StoreException("the shared connection could not be closed", failure);
    }
  }

  @Override
  public PrintWriter getLogWriter() {
    throw new UnsupportedOperationException("not supported; the store logs with SLF4J");
  }

  @Override
  public void setLogWriter(PrintWriter out) {
    throw new UnsupportedOperationException("not supported; the store logs with SLF4J");
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
    throw new SQLException("does not wrap " + type);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }
}

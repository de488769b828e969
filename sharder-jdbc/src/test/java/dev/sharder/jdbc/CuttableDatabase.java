package dev.sharder.jdbc;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.contract.OperatorHistoryContract.Crashable;
import dev.sharder.store.AssignmentStore;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import javax.sql.DataSource;
import org.sqlite.ProgressHandler;

/**
 * A store over a pool of real connections that gives a test the connection of its thread, so that
 * the test can cut it during a transaction.
 */
final class CuttableDatabase implements Crashable {

  /** The SQLSTATE of a connection that broke, so that a commit may or may not have been made. */
  private static final String CONNECTION_FAILURE = "08006";

  private static final String BINS =
      """
      SELECT bin, weight, offset_load, capacity, state, assigned
      FROM sharder_bin
      WHERE kind = ?
      ORDER BY bin
      """;

  private final String url;
  private final Deque<Connection> idle = new ConcurrentLinkedDeque<>();
  private final ThreadLocal<Lent> lent = new ThreadLocal<>();
  private final AtomicInteger cutCount = new AtomicInteger();
  private JdbiAssignmentStore store;

  CuttableDatabase(String url) {
    this.url = url;
    this.store = JdbiAssignmentStore.create(pool());
  }

  @Override
  public AssignmentStore store() {
    return store;
  }

  /** Returns how often a transaction was cut or interrupted so far. */
  int cutCount() {
    return cutCount.get();
  }

  @Override
  public List<BinLoad> bins(String kind) {
    List<BinLoad> bins = new ArrayList<>();
    try (Connection connection = lend();
        PreparedStatement statement = connection.prepareStatement(BINS)) {
      statement.setString(1, kind);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          bins.add(bin(row));
        }
      }
      return bins;
    } catch (SQLException failure) {
      throw new IllegalStateException("the bins could not be read", failure);
    }
  }

  private static BinLoad bin(ResultSet row) throws SQLException {
    long capacity = row.getLong("capacity");
    boolean isUnlimited = row.wasNull();
    return new BinLoad(
        new Bin(
            row.getString("bin"),
            row.getInt("weight"),
            row.getLong("offset_load"),
            isUnlimited ? OptionalLong.empty() : OptionalLong.of(capacity),
            BinState.of(row.getString("state")),
            Map.of()),
        row.getLong("assigned"));
  }

  @Override
  public void reopen() {
    close();
    store = JdbiAssignmentStore.builder(pool()).migrate(false).build();
  }

  @Override
  public void close() {
    store.close();
    for (Connection one = idle.poll(); one != null; one = idle.poll()) {
      try {
        one.close();
      } catch (SQLException failure) {
        throw new IllegalStateException("a connection could not be closed", failure);
      }
    }
  }

  @Override
  public List<Runnable> cuts(RandomGenerator random) {
    int steps = 1 + random.nextInt(6);
    int instructions = 1 + random.nextInt(400);
    return url.startsWith("jdbc:sqlite:")
        ? List.of(() -> lent.get().cut(), () -> lent.get().interruptAfter(instructions))
        : List.of(
            () -> lent.get().cut(),
            () -> lent.get().cutAfter(steps),
            () -> lent.get().cutBeforeCommit(),
            () -> lent.get().loseAcknowledgement());
  }

  private DataSource pool() {
    return proxy(
        DataSource.class,
        (proxy, method, arguments) -> {
          if (!method.getName().equals("getConnection")) {
            throw new UnsupportedOperationException(method.getName());
          }
          return lend();
        });
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private Connection lend() throws SQLException {
    Connection physical = idle.poll();
    return proxy(
        Connection.class, new Lent(physical == null ? DriverManager.getConnection(url) : physical));
  }

  /** A lent connection. Its faults end when it is returned. */
  private final class Lent implements InvocationHandler {
    private final Connection physical;
    private int stepsLeft = Integer.MAX_VALUE;
    private boolean isCutBeforeCommit;
    private boolean isAcknowledgementLost;
    private boolean isInterrupted;
    private boolean isReturned;

    Lent(Connection physical) {
      this.physical = physical;
    }

    void cut() {
      cutCount.incrementAndGet();
      try {
        // A SQLite connection has no server, so it can only be closed.
        if (url.startsWith("jdbc:sqlite:")) {
          physical.close();
        } else {
          physical.abort(Runnable::run);
        }
      } catch (SQLException failure) {
        throw new IllegalStateException("the connection could not be cut", failure);
      }
    }

    void cutAfter(int steps) {
      stepsLeft = steps;
    }

    void cutBeforeCommit() {
      isCutBeforeCommit = true;
    }

    void loseAcknowledgement() {
      isAcknowledgementLost = true;
    }

    void interruptAfter(int instructions) {
      isInterrupted = true;
      try {
        ProgressHandler.setHandler(physical, instructions, interruption());
      } catch (SQLException failure) {
        throw new IllegalStateException("the connection could not be interrupted", failure);
      }
    }

    /** Interrupts once: the database must be able to roll back. */
    private ProgressHandler interruption() {
      return new ProgressHandler() {
        private boolean hasInterrupted;

        @Override
        protected int progress() {
          boolean interrupts = !hasInterrupted && !isDriverCheck();
          if (interrupts) {
            hasInterrupted = true;
            cutCount.incrementAndGet();
          }
          return interrupts ? 1 : 0;
        }

        /** Returns whether the driver checks for an open transaction, where it ignores errors. */
        private static boolean isDriverCheck() {
          return StackWalker.getInstance()
              .walk(
                  frames ->
                      frames.anyMatch(
                          frame -> frame.getMethodName().equalsIgnoreCase("ensureAutoCommit")));
        }
      };
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      // Here, since the library may borrow a connection on one thread and use it on another.
      if (!isReturned) {
        lent.set(this);
      }
      switch (method.getName()) {
        case "close" -> {
          giveBack();
          return null;
        }
        case "prepareStatement" -> {
          if (--stepsLeft == 0) {
            cut();
          }
        }
        case "commit" -> {
          if (isCutBeforeCommit) {
            cut();
          }
        }
        default -> {}
      }
      Object result = pass(method, arguments);
      if (method.getName().equals("commit") && isAcknowledgementLost) {
        cut();
        throw new SQLException("the connection broke", CONNECTION_FAILURE);
      }
      return result;
    }

    private Object pass(Method method, Object[] arguments) throws Throwable {
      try {
        return method.invoke(physical, arguments);
      } catch (InvocationTargetException thrown) {
        throw thrown.getTargetException();
      }
    }

    private void giveBack() throws SQLException {
      if (isReturned) {
        return;
      }
      isReturned = true;
      lent.remove();
      if (!physical.isClosed()) {
        if (isInterrupted) {
          ProgressHandler.clearHandler(physical);
        }
        idle.push(physical);
      }
    }
  }
}

package dev.sharder;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Notifies several listeners. An exception that one throws is logged and has no other effect. */
record CompositeListener(List<SharderListener> listeners) implements SharderListener {

  private static final Logger log = LoggerFactory.getLogger(CompositeListener.class);

  @Override
  public void opened(String kind, Supplier<List<BinLoad>> bins) {
    notify(listener -> listener.opened(kind, bins));
  }

  @Override
  public void closed(String kind, Supplier<List<BinLoad>> bins) {
    notify(listener -> listener.closed(kind, bins));
  }

  @Override
  public void answeredFromMemory(Placement placement) {
    notify(listener -> listener.answeredFromMemory(placement));
  }

  @Override
  public void answered(Placement placement, Duration took) {
    notify(listener -> listener.answered(placement, took));
  }

  @Override
  public void answeredMany(Collection<Placement> placements, Duration took) {
    notify(listener -> listener.answeredMany(placements, took));
  }

  @Override
  public void refused(String kind, SharderException error, Duration took) {
    notify(listener -> listener.refused(kind, error, took));
  }

  @Override
  public void finishedRound(String kind, Step step, int objects, Duration took) {
    notify(listener -> listener.finishedRound(kind, step, objects, took));
  }

  private void notify(Consumer<SharderListener> event) {
    for (SharderListener listener : listeners) {
      try {
        event.accept(listener);
      } catch (Exception | Error failure) {
        log.warn("listener {} failed: {}", listener.getClass().getName(), failure, failure);
      }
    }
  }
}

package dev.sharder;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells listeners, whose failures go to the log and no further. */
record Telling(List<SharderListener> listeners) implements SharderListener {

  private static final Logger log = LoggerFactory.getLogger(Telling.class);

  @Override
  public void opened(Sharder sharder) {
    tell(listener -> listener.opened(sharder));
  }

  @Override
  public void answeredFromMemory(Placement placement) {
    tell(listener -> listener.answeredFromMemory(placement));
  }

  @Override
  public void answered(Placement placement, Duration took) {
    tell(listener -> listener.answered(placement, took));
  }

  @Override
  public void answeredMany(Collection<Placement> placements, Duration took) {
    tell(listener -> listener.answeredMany(placements, took));
  }

  @Override
  public void refused(String kind, SharderException error, Duration took) {
    tell(listener -> listener.refused(kind, error, took));
  }

  @Override
  public void finishedRound(String kind, Step step, int objects, Duration took) {
    tell(listener -> listener.finishedRound(kind, step, objects, took));
  }

  private void tell(Consumer<SharderListener> event) {
    for (SharderListener listener : listeners) {
      try {
        event.accept(listener);
      } catch (RuntimeException failure) {
        log.warn("the listener {} failed: {}", listener.getClass().getName(), failure, failure);
      }
    }
  }
}

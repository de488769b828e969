package dev.sharder.examples.hub.http;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The file descriptors of this process, of which each connection needs one. */
public final class FileDescriptors {

  private FileDescriptors() {}

  /** Returns how many there may be; the largest number where the system does not say. */
  public static long most() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? unix.getMaxFileDescriptorCount()
        : Long.MAX_VALUE;
  }
}

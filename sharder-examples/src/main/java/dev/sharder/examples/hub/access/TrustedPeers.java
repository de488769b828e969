package dev.sharder.examples.hub.access;

import dev.sharder.InvalidValueException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The addresses from which the proxy in front asks.
 *
 * @param networks the networks that hold these addresses
 */
public record TrustedPeers(List<Network> networks) {

  /** Matches digits, colons and dots only, so that no name is ever resolved. */
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

  /**
   * The addresses that begin with the same bits.
   *
   * @param address one of them
   * @param prefix how many bits are the same
   */
  public record Network(InetAddress address, int prefix) {

    private static Network of(String text) throws UnknownHostException {
      String[] parts = text.split("/", 2);
      if (!ADDRESS.matcher(parts[0]).matches()) {
        throw new UnknownHostException(text);
      }
      InetAddress address = InetAddress.getByName(parts[0]);
      int longest = address.getAddress().length * Byte.SIZE;
      int prefix = parts.length == 1 ? longest : Integer.parseInt(parts[1]);
      if (prefix < 0 || prefix > longest) {
        throw new UnknownHostException(text);
      }
      return new Network(address, prefix);
    }

    private boolean contains(InetAddress other) {
      byte[] ours = address.getAddress();
      byte[] theirs = other.getAddress();
      boolean same = ours.length == theirs.length;
      for (int bit = 0; same && bit < prefix; bit++) {
        int mask = 0x80 >> bit % Byte.SIZE;
        same = ((ours[bit / Byte.SIZE] ^ theirs[bit / Byte.SIZE]) & mask) == 0;
      }
      return same;
    }
  }

  /**
   * Reads addresses such as 10.0.0.7 and networks such as 10.0.0.0/8.
   *
   * @throws InvalidValueException if one is neither
   */
  public static TrustedPeers of(List<String> texts) {
    return new TrustedPeers(texts.stream().map(TrustedPeers::network).toList());
  }

  private static Network network(String text) {
    try {
      return Network.of(text);
    } catch (UnknownHostException | NumberFormatException malformed) {
      throw new InvalidValueException(
          "trusted peer '%s' is not an address or network; write it like 10.0.0.7, 10.0.0.0/8 or fd00::/8"
              .formatted(text));
    }
  }

  /** Returns whether the address is one of these. */
  public boolean contains(InetAddress address) {
    return networks.stream().anyMatch(network -> network.contains(address));
  }
}

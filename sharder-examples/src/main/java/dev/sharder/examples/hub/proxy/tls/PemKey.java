package dev.sharder.examples.hub.proxy.tls;

import dev.sharder.examples.hub.server.StartException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** A private key in a PEM file: in PKCS#8, encrypted or not, or an RSA key in PKCS#1. */
record PemKey(Path file, Optional<String> passphrase) {

  private static final Pattern PEM =
      Pattern.compile("-----BEGIN ([A-Z ]*)PRIVATE KEY-----([^-:]+)-----END [A-Z ]*KEY-----");

  private static final Pattern OLDER = Pattern.compile("-----BEGIN [A-Z]+ PRIVATE KEY-----");

  /** Version 0, and the algorithm rsaEncryption without parameters: RFC 5208 and RFC 8017. */
  private static final byte[] RSA_HEAD =
      HexFormat.of().parseHex("020100300d06092a864886f70d0101010500");

  private static final Set<String> PBES2 = Set.of("PBES2", "1.2.840.113549.1.5.13");

  private static final int SEQUENCE = 0x30;
  private static final int OCTETS = 0x04;
  private static final int SHORT_LENGTH = 0x7f;
  private static final int LONG_LENGTH = 0x80;

  /**
   * Reads the key.
   *
   * @param certified the key that its certificate has
   * @throws StartException if it cannot be read, or belongs to another certificate; the message
   *     names the file and the cure
   */
  PrivateKey read(PublicKey certified) {
    try {
      PrivateKey key =
          KeyFactory.getInstance(certified.getAlgorithm())
              .generatePrivate(pkcs8(Files.readString(file, StandardCharsets.ISO_8859_1)));
      checkPair(key, certified);
      return key;
    } catch (IOException unreadable) {
      throw new StartException(
          "key '%s' cannot be read: %s; name a PEM file that the proxy may read"
              .formatted(file, unreadable),
          unreadable);
    } catch (GeneralSecurityException | IllegalArgumentException unusable) {
      throw new StartException(
          "key '%s' does not go with the certificate, or with the passphrase: %s; name the right key"
              .formatted(file, unusable.getMessage()),
          unusable);
    }
  }

  private PKCS8EncodedKeySpec pkcs8(String text) throws GeneralSecurityException, IOException {
    Matcher pem = PEM.matcher(text);
    String form = pem.find() ? pem.group(1) : "no key";
    return switch (form) {
      case "" -> new PKCS8EncodedKeySpec(bytes(pem));
      case "RSA " ->
          new PKCS8EncodedKeySpec(tagged(SEQUENCE, RSA_HEAD, tagged(OCTETS, bytes(pem))));
      case "ENCRYPTED " -> decrypted(new EncryptedPrivateKeyInfo(bytes(pem)));
      default -> throw unknown(text);
    };
  }

  private static byte[] bytes(Matcher pem) {
    return Base64.getMimeDecoder().decode(pem.group(2));
  }

  private StartException unknown(String text) {
    return new StartException(
        OLDER.matcher(text).find()
            ? "key '%1$s' is of an older form that Java cannot read; convert it with 'openssl pkcs8 -topk8 -nocrypt -in %1$s -out NEW'"
                .formatted(file)
            : "key '%s' is no private key in PEM; name a file with BEGIN PRIVATE KEY in it"
                .formatted(file));
  }

  private PKCS8EncodedKeySpec decrypted(EncryptedPrivateKeyInfo key)
      throws GeneralSecurityException {
    AlgorithmParameters parameters = key.getAlgParameters();
    // Of PBES2, the parameters alone say by what it is encrypted.
    String algorithm = PBES2.contains(key.getAlgName()) ? "" + parameters : key.getAlgName();
    PBEKeySpec secret = new PBEKeySpec(passphrase.orElse("").toCharArray());
    Cipher cipher = Cipher.getInstance(algorithm);
    cipher.init(
        Cipher.DECRYPT_MODE,
        SecretKeyFactory.getInstance(algorithm).generateSecret(secret),
        parameters);
    return key.getKeySpec(cipher);
  }

  private static void checkPair(PrivateKey key, PublicKey certified)
      throws GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(RSA_HEAD);
    byte[] signed = signature.sign();
    signature.initVerify(certified);
    signature.update(RSA_HEAD);
    if (!signature.verify(signed)) {
      throw new GeneralSecurityException("it is the key of another certificate");
    }
  }

  /** Returns values with a tag and their length in front, by the rules of DER. */
  private static byte[] tagged(int tag, byte[]... values) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (byte[] value : values) {
      joined.writeBytes(value);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    writeLength(out, joined.size());
    out.writeBytes(joined.toByteArray());
    return out.toByteArray();
  }

  private static void writeLength(ByteArrayOutputStream out, int length) {
    if (length <= SHORT_LENGTH) {
      out.write(length);
      return;
    }
    int bytes = (Integer.SIZE - Integer.numberOfLeadingZeros(length) + 7) / Byte.SIZE;
    out.write(LONG_LENGTH | bytes);
    for (int i = bytes - 1; i >= 0; i--) {
      out.write(length >> (i * Byte.SIZE));
    }
  }

  /** Returns the name of the file alone. */
  @Override
  public String toString() {
    return file.toString();
  }
}

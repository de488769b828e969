package dev.sharder.examples.hub.proxy.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** A key and its certificate for 127.0.0.1 and localhost, signed by itself, as files of PEM. */
public record PemPair(Path key, Path certificate) {

  private static final char[] PASSWORD = "changeit".toCharArray();

  /** The bytes of PKCS#8 in front of an RSA key of 2,048 bits. */
  private static final int BEFORE_RSA_KEY = 26;

  /** Makes a pair with the JDK's keytool. */
  public static PemPair make(Path folder, String name) throws Exception {
    Path store = folder.resolve(name + ".p12");
    Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
    Process process =
        new ProcessBuilder(
                List.of(
                    keytool.toString(),
                    "-genkeypair",
                    "-keystore",
                    store.toString(),
                    "-storetype",
                    "PKCS12",
                    "-storepass",
                    new String(PASSWORD),
                    "-alias",
                    "a",
                    "-keyalg",
                    "RSA",
                    "-keysize",
                    "2048",
                    "-dname",
                    "CN=" + name,
                    "-ext",
                    "san=ip:127.0.0.1,dns:localhost"))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(name + ".log").toFile())
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new AssertionError(Files.readString(folder.resolve(name + ".log")));
    }
    return read(folder, name, store);
  }

  private static PemPair read(Path folder, String name, Path store)
      throws IOException, GeneralSecurityException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD);
    }
    Key key = keys.getKey("a", PASSWORD);
    return new PemPair(
        pem(folder.resolve(name + ".key"), "PRIVATE KEY", key.getEncoded()),
        pem(folder.resolve(name + ".crt"), "CERTIFICATE", keys.getCertificate("a").getEncoded()));
  }

  private static Path pem(Path file, String what, byte[] bytes) throws IOException {
    return Files.writeString(
        file,
        "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n"
            .formatted(what, Base64.getMimeEncoder().encodeToString(bytes)));
  }

  /** Returns the same pair with the key in the older form of PKCS#1. */
  public PemPair older() throws IOException {
    byte[] pkcs8 = pkcs8();
    byte[] pkcs1 = Arrays.copyOfRange(pkcs8, BEFORE_RSA_KEY, pkcs8.length);
    Path file = key.resolveSibling(key.getFileName() + ".pkcs1");
    return new PemPair(pem(file, "RSA PRIVATE KEY", pkcs1), certificate);
  }

  /** Returns the same pair with the key encrypted. */
  public PemPair encrypted(String passphrase) throws IOException, GeneralSecurityException {
    String algorithm = "PBEWithSHA1AndDESede";
    Cipher cipher = Cipher.getInstance(algorithm);
    cipher.init(
        Cipher.ENCRYPT_MODE,
        SecretKeyFactory.getInstance(algorithm)
            .generateSecret(new PBEKeySpec(passphrase.toCharArray())));
    byte[] sealed =
        new EncryptedPrivateKeyInfo(cipher.getParameters(), cipher.doFinal(pkcs8())).getEncoded();
    Path file = key.resolveSibling(key.getFileName() + ".encrypted");
    return new PemPair(pem(file, "ENCRYPTED PRIVATE KEY", sealed), certificate);
  }

  private byte[] pkcs8() throws IOException {
    String text = Files.readString(key).replaceAll("-----[A-Z ]+-----", "");
    return Base64.getMimeDecoder().decode(text.strip());
  }

  public TlsFiles.Identity identity() {
    return new TlsFiles.Identity(key, certificate, Optional.empty());
  }
}

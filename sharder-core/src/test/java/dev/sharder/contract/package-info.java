/**
 * The contract of an {@link dev.sharder.store.AssignmentStore}, written against the public API
 * alone. The author of a store extends two classes, with JUnit 5 and AssertJ on the test class
 * path:
 *
 * <ol>
 *   <li>{@link dev.sharder.contract.AssignmentStoreContract} has a group of tests for each promise,
 *       and asks for an empty store before each test. If all pass, the store is right while nothing
 *       dies.
 *   <li>{@link dev.sharder.contract.OperatorHistoryContract} plays long random histories of
 *       operators, programs and crashes, on a store that is opened once for each of two threads. It
 *       plays 500 histories of 200 steps unless {@code histories()} says otherwise. A step is a few
 *       calls of the store, so this takes seconds in memory and minutes on a database server. A
 *       store that keeps its data elsewhere also overrides {@code reopen()}, and {@code cuts()} if
 *       a test can break a transaction in the middle; by default only the caller dies.
 * </ol>
 *
 * <pre>{@code
 * class MyStoreTest extends AssignmentStoreContract {
 *   @Override
 *   protected AssignmentStore newStore() {
 *     return new MyStore(anEmptyDatabase());
 *   }
 * }
 *
 * class MyStoreHistoryTest extends OperatorHistoryContract {
 *   @Override
 *   protected Crashable open() {
 *     return new MyCrashableStore(anEmptyDatabase()); // its store() is a MyStore
 *   }
 * }
 * }</pre>
 *
 * <p>Every demand is written in the Javadoc of {@link dev.sharder.store}. A test that fails on a
 * store that does what is written there is a bug of the contract.
 *
 * <p>The other classes of this package are not to be extended. The tests of a group are in the file
 * of its superclass, such as {@code PlacingPromises}, each named by the promise that it tests.
 */
package dev.sharder.contract;

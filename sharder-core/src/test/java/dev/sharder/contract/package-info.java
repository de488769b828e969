/**
 * The contract of an {@link dev.sharder.store.AssignmentStore}, written against the public API
 * alone. The author of a store extends two classes, with JUnit 5 and AssertJ on the test class
 * path:
 *
 * <ol>
 *   <li>{@link dev.sharder.contract.AssignmentStoreContract} has a group of tests for each promise,
 *       and wants an empty store for each test. If all pass, the store is right while nothing dies.
 *   <li>{@link dev.sharder.contract.OperatorHistoryContract} plays 500 long random histories, and
 *       wants a store that can be cut off in the middle of a transaction and opened again on its
 *       data. It takes minutes.
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
 *     return new MyCrashableStore(anEmptyDatabase()); // whose store() is a MyStore
 *   }
 * }
 * }</pre>
 *
 * <p>The other classes of this package are not to be extended. The tests of a group are in the file
 * of its superclass, such as {@code PlacingPromises}, each named by the promise that it tests.
 */
package dev.sharder.contract;

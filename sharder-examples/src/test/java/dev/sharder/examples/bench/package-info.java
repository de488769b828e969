/**
 * What the library costs beside what the machine can do, measured in turns in one run; see
 * CONTRIBUTING.md for how to run it and docs/benchmarks.md for what came out.
 */
package dev.sharder.examples.bench;

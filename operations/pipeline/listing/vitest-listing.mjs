// A reporter of vitest that writes which tests ran, and which of them were expected to fail: JUnit
// shows such a test as one that passed.
import { writeFileSync } from "node:fs";

export default class Listing {
  onTestRunEnd(modules) {
    const tests = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        id: `${module.relativeModuleId}: ${test.fullName}`,
        marks: test.options.fails ? ["fails"] : [],
        selected: test.options.mode === "run",
      })),
    );
    writeFileSync(process.env.PIPELINE_LISTING, JSON.stringify(tests));
  }
}

import Pipeline
import Testing

@Suite struct EventRulesTests {
    @Test func defaultsAreValid() throws {
        try EventRules().validate()
    }

    @Test(arguments: [
        (EventRules(enter: 1.1), "enter"), (EventRules(enter: .nan), "enter"), (EventRules(exit: -0.1), "exit"),
        (EventRules(enter: 0.5, exit: 0.5), "exit"), (EventRules(minWindows: 0), "min_windows"),
        (EventRules(hold: .seconds(-1)), "hold"), (EventRules(smoothing: .seconds(-1)), "smoothing"),
        (EventRules(updateEvery: .zero), "update_every"),
    ])
    func namesTheKeyThatIsWrong(rules: EventRules, key: String) {
        #expect { try rules.validate() } throws: { ($0 as? EventRulesError)?.key == key }
    }

    @Test func actionOverridesOnlyWhatItNames() {
        let rules = EventRules().overridden(by: ActionRules(enter: 0.8, hold: .seconds(3)))
        #expect(rules == EventRules(enter: 0.8, hold: .seconds(3)))
    }

    @Test func overrideIsValidatedAgainstInheritedValues() {
        let rules = EventRules().overridden(by: ActionRules(enter: 0.3))
        #expect { try rules.validate() } throws: { ($0 as? EventRulesError)?.key == "exit" }
    }
}

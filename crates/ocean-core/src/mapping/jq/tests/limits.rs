//! No program takes the process down: each of these once aborted or hung an interpreter.

use std::time::{Duration, Instant};

use crate::mapping::jq::{
    Budget, Environment, EvalError, Exhausted, Limits, Needs, Program, Val, WORKER_STACK,
    with_stack,
};

const LIMITS: Limits = Limits {
    steps: 60_000,
    memory: 64 << 20,
    time: Duration::from_secs(20),
};

/// Evaluates on a thread such as the mapper's.
fn evaluate(program: &str, input: Val) -> Result<Option<Val>, EvalError> {
    evaluate_within(program, input, LIMITS)
}

fn evaluate_within(program: &str, input: Val, limits: Limits) -> Result<Option<Val>, EvalError> {
    let program = Program::compile(program, &Environment::default()).unwrap();
    let worker = std::thread::Builder::new().stack_size(WORKER_STACK);
    let work = move || with_stack(|| program.first(&input, &Budget::new(limits)));
    worker.spawn(work).unwrap().join().unwrap()
}

fn limit(program: &str) -> Option<Exhausted> {
    match evaluate(program, Val::Null) {
        Err(EvalError::Exhausted(limit)) => Some(limit),
        other => panic!("{program} gave {other:?}"),
    }
}

#[test]
fn endless_recursion_is_stopped() {
    for program in [
        "def f: 1+f; f",
        "def f: [f]; f",
        "def f: {a: f}; f",
        "def f: f | .; f",
        "def f(g): f(g | g); f(.)",
        "[recurse([.])] | length",
        "def f: reduce 1 as $x (0; f); f",
        "def f: (1, f) | empty; f",
    ] {
        let limit = limit(program);
        let expected = [
            Exhausted::Stack,
            Exhausted::Steps,
            Exhausted::Depth,
            Exhausted::Memory,
        ];
        assert!(
            limit.is_some_and(|limit| expected.contains(&limit)),
            "{program}: {limit:?}"
        );
    }
}

#[test]
fn endless_loops_are_stopped() {
    for program in [
        "def f: f; f",
        "repeat(empty)",
        "last(range(1e12))",
        "reduce range(1e9) as $i (0; . + $i)",
        "foreach range(1e12) as $i (0; 1; empty)",
        "until(false; .)",
        "while(true; .) | empty",
        "first(repeat(1) | select(false))",
        "label $out | repeat(1) | empty",
        "any(range(1e12); false)",
        "limit(1; range(1e12) | empty)",
        "skip(1e12; repeat(1))",
        "[limit(3; repeat(1) | select(. == 2))]",
    ] {
        assert_eq!(limit(program), Some(Exhausted::Steps), "{program}");
    }
}

#[test]
fn products_of_generators_are_counted() {
    let program = "(1,2) as $a | ".repeat(40) + "empty";
    assert_eq!(limit(&program), Some(Exhausted::Steps));
    let program = "[range(100)] | ".to_owned() + &".[] as $a | ".repeat(10) + "empty";
    assert_eq!(limit(&program), Some(Exhausted::Steps));
}

#[test]
fn memory_is_bounded() {
    for program in [
        "[range(1e12)]",
        "[limit(1e9; repeat(1))]",
        "reduce range(100) as $i (\"ab\"; . + .)",
        "reduce range(100) as $i ([1]; . + .)",
        "\"a\" * 1e8",
        "[[range(100) | [range(100)]] | combinations]",
        ".[500000000] = 1",
        "reduce range(1e5) as $i (\"\"; . + \"0123456789\")",
        "[range(300)] | map([range(1e5)])",
    ] {
        let limit = limit(program);
        let expected = [Exhausted::Memory, Exhausted::Steps];
        assert!(
            limit.is_some_and(|limit| expected.contains(&limit)),
            "{program}: {limit:?}"
        );
    }
}

/// A value of some hundred bytes whose text has 2^`levels` elements.
fn folded(levels: u32) -> String {
    format!("reduce range({levels}) as $i (1; [., .])")
}

#[test]
fn a_value_whose_parts_are_shared_is_not_written_beyond_the_budget() {
    let program = |text: &str| Program::compile(text, &Environment::default()).unwrap();
    for levels in [27, 60] {
        let budget = Budget::new(LIMITS);
        let value = program(&folded(levels)).first(&Val::Null, &budget);
        let written = value.unwrap().unwrap().to_json(&budget);
        assert!(written.is_err(), "{levels}");
        assert!(budget.exhausted().is_some(), "{levels}");
        for rest in [
            "tojson",
            "tostring",
            "@json",
            "@html",
            "\"a \\(.)\"",
            "[.] | tojson | length",
        ] {
            limit(&format!("{} | {rest}", folded(levels)));
        }
    }
}

#[test]
fn an_error_shows_the_beginning_of_a_value_and_does_not_write_the_rest() {
    for (program, shown) in [
        (
            "-.",
            "array ([[[[[[[[[[[[[[[[[[[[[[[[[...]) cannot be negated",
        ),
        (
            "{(.): 1}",
            "Cannot use array ([[[[[[[[[[[[[[[[[[[[[[[[[...]) as object key",
        ),
        ("error(.)", "[[["),
    ] {
        let program = format!("{} | {program}", folded(60));
        match evaluate(&program, Val::Null) {
            Err(EvalError::Jq(message)) => {
                assert!(message.contains(shown), "{message}");
                assert!(message.len() < 5000, "{}", message.len());
            }
            other => panic!("{program} gave {other:?}"),
        }
    }
}

#[test]
fn a_text_that_is_too_long_is_an_error_that_can_be_caught() {
    let caught = evaluate("try (\"abc\" * 1e9) catch .", Val::Null).unwrap();
    assert_eq!(caught, Some(Val::from("Repeat string result too long")));
}

#[test]
fn exhaustion_cannot_be_hidden() {
    for program in [
        "(last(range(1e12)))? // 1",
        "try last(range(1e12)) catch 1",
        "[.[]?, (def f: f; f)?] | length",
        "first((try (def f: 1 + f; f) catch 1), 2)",
        "def f: try f catch f; f",
        "def f: (f?), (f?); [f]",
        "label $out | (last(range(1e12))?, break $out)",
        "(def f: f; f) as $x | 1",
        "if (last(range(1e12))?) then 1 else 2 end",
    ] {
        limit(program);
    }
}

#[test]
fn one_budget_is_spent_by_all_programs_of_an_item() {
    let compile = |text| Program::compile(text, &Environment::default()).unwrap();
    let (costly, cheap) = (compile("[range(20000)] | length"), compile(".a"));
    let budget = Budget::new(Limits {
        steps: 50_000,
        ..LIMITS
    });
    let spent = (0..5)
        .map(|_| costly.first(&Val::Null, &budget))
        .find(Result::is_err);
    assert_eq!(spent, Some(Err(EvalError::Exhausted(Exhausted::Steps))));
    assert_eq!(
        cheap.first(&Val::Null, &budget),
        Err(EvalError::Exhausted(Exhausted::Steps))
    );
    assert_eq!(budget.exhausted(), Some(Exhausted::Steps));
}

#[test]
fn the_clock_stops_an_evaluation() {
    let begun = Instant::now();
    let time = Duration::from_millis(50);
    let limits = Limits {
        steps: u64::MAX,
        memory: u64::MAX,
        time,
    };
    let stopped = evaluate_within("last(range(1e12))", Val::Null, limits);
    assert_eq!(stopped, Err(EvalError::Exhausted(Exhausted::Time)));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn recursion_works_where_there_is_stack() {
    let limits = Limits {
        steps: 1_000_000,
        ..LIMITS
    };
    let deep = "def f: if . == 0 then 0 else 1 + (. - 1 | f) end; 1000 | f";
    assert_eq!(
        evaluate_within(deep, Val::Null, limits),
        Ok(Some(Val::float(1000.0)))
    );
    let long = "[recurse(if . < 20000 then . + 1 else empty end)] | length";
    assert_eq!(
        evaluate_within(long, Val::count(0), limits),
        Ok(Some(Val::float(20001.0)))
    );
}

#[test]
fn recursion_ends_on_a_thread_of_unknown_stack() {
    let program = Program::compile("def f: 1+f; f", &Environment::default()).unwrap();
    let stopped = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || program.first(&Val::Null, &Budget::new(LIMITS)))
        .unwrap()
        .join()
        .unwrap();
    assert_eq!(stopped, Err(EvalError::Exhausted(Exhausted::Stack)));
}

#[test]
fn deep_values_are_refused_and_dropped_without_recursion() {
    assert_eq!(
        limit("reduce range(5000) as $i (0; [.])"),
        Some(Exhausted::Depth)
    );
    assert_eq!(
        limit("reduce range(5000) as $i (0; {a: .})"),
        Some(Exhausted::Depth)
    );
    let path = "[range(5000) | \"a\"]";
    assert_eq!(
        limit(&format!("setpath({path}; 1)")),
        Some(Exhausted::Depth)
    );
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let parse = |text: String| {
        Val::from_json(
            text.as_bytes(),
            Program::compile(".", &Environment::default())
                .unwrap()
                .needs(),
        )
    };
    assert!(parse(deep(100_000)).is_err());
    assert!(parse(deep(100)).is_ok());
    let skipped = Val::from_json(
        format!("{{\"a\":{}}}", deep(100_000)).as_bytes(),
        &Needs::nothing(),
    );
    assert!(skipped.is_ok());
}

#[test]
fn programs_that_would_overflow_the_parser_are_refused() {
    let refused = |text: String| Program::compile(&text, &Environment::default()).unwrap_err();
    for open in [
        "(",
        "[",
        "{a:",
        "\"\\(",
        "-",
        "try ",
        "if ",
        "def f: ",
        "reduce ",
        ". as $x | ",
        "label $x | ",
    ] {
        refused(open.repeat(32_000 / open.len()));
    }
    refused("(".repeat(20_000));
    refused("1".to_owned() + &"+1".repeat(10_000));
    refused("-".repeat(10_000) + "1");
    refused(".".to_owned() + &"|.".repeat(15_000) + "| [");
    refused("[".repeat(900) + &"]".repeat(900));
    refused(". as $x | ".repeat(3_000) + "1");
}

#[test]
fn long_flat_programs_compile() {
    for text in [
        ".".to_owned() + &" | .".repeat(250),
        "1".to_owned() + &" + 1".repeat(200),
        "1".to_owned() + &", 1".repeat(200),
        format!(
            "{{{}}}",
            (0..200)
                .map(|key| format!("k{key}: .a"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    ] {
        let output = evaluate(&text, Val::Null);
        assert!(matches!(output, Ok(Some(_))), "{text}: {output:?}");
    }
}

#[test]
fn times_beyond_all_calendars_are_errors() {
    for (program, message) in [
        ("[1e15,0,1,0,0,0] | mktime", "invalid gmtime representation"),
        (
            "[-1e15,0,1,1e15,1e15,1e15] | mktime",
            "invalid gmtime representation",
        ),
        (
            "[0,1e15,1e15,1e15,1e15,1e15] | mktime",
            "invalid gmtime representation",
        ),
        (
            "[1e15,0,1,0,0,0] | strftime(\"%s\")",
            "strftime/1: unknown system failure",
        ),
    ] {
        let failed = evaluate(program, Val::Null);
        assert_eq!(failed, Err(EvalError::Jq(message.to_owned())), "{program}");
    }
    let every = "%c%D%F%r%T%C%d%e%g%G%I%j%U%V%w%W%u%y%Y";
    for year in ["1e15", "-1e15"] {
        let program = format!(
            "[{year},{year},{year},{year},{year},{year},{year},{year}] | strftime(\"{every}\")"
        );
        assert!(evaluate(&program, Val::Null).is_ok(), "{program}");
    }
}

#[test]
fn what_makes_many_values_of_one_text_pays_for_each() {
    let limits = Limits {
        steps: u64::MAX,
        memory: 2 << 20,
        ..LIMITS
    };
    for program in [
        "\",\" * 100000 / \",\"",
        "\",\" * 100000 / \"\"",
        "\",\" * 100000 | split(\",\"; null)",
        "\",\" * 100000 | [match(\",\"; \"g\")]",
        "\"a\" * 2000 | [match(\"(?=(a*))\"; \"g\")]",
        "\"%c\" * 100000 as $format | 0 | strftime($format)",
    ] {
        let stopped = evaluate_within(program, Val::Null, limits);
        assert_eq!(
            stopped,
            Err(EvalError::Exhausted(Exhausted::Memory)),
            "{program}"
        );
    }
}

#[test]
fn a_long_format_ends_with_the_time() {
    let time = Duration::from_millis(50);
    let limits = Limits {
        steps: u64::MAX,
        memory: u64::MAX,
        time,
    };
    let program = "\"%c\" * 3000000 as $format | 0 | strftime($format)";
    let stopped = evaluate_within(program, Val::Null, limits);
    assert_eq!(stopped, Err(EvalError::Exhausted(Exhausted::Time)));
}

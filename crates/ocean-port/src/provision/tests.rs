use super::*;

#[test]
fn pauses_grow_to_a_minute_and_end() {
    let seconds: Vec<u64> = pauses().map(|pause| pause.as_secs()).collect();
    assert_eq!(seconds[..8], [3, 4, 6, 9, 13, 20, 31, 48]);
    assert!(seconds[8..].iter().all(|seconds| *seconds == 60));
    assert_eq!(seconds.len(), LOOKS);
}

#[test]
fn an_origin_that_is_not_known_is_the_default() {
    for (noted, origin) in [
        ("Empty", Origin::Empty),
        ("Port", Origin::Port),
        ("Ocean", Origin::Default),
        ("Moon", Origin::Default),
    ] {
        assert_eq!(parse_origin(noted), origin, "{noted}");
    }
}

#[test]
fn hosted_and_own_installations_are_kept_apart() {
    for (runtime, registered, fits) in [
        (Runtime::OnPrem, "OnPrem", true),
        (Runtime::OnPrem, "Saas", false),
        (Runtime::Saas, "SaasOauth2", true),
        (Runtime::Saas, "OnPrem", false),
    ] {
        assert_eq!(runtime.fits(registered), fits, "{runtime:?} {registered}");
    }
}

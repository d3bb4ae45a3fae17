//! Which words does the site speak with?
//!
//! Everything readable in the simulated data is put together from these lists.

pub(crate) const FIRST_NAMES: &[&str] = &[
    "Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Kavya",
    "Luca", "Maren", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Sven", "Tala", "Uma", "Viktor",
    "Wanda", "Xenia", "Yusuf", "Zoë",
];

pub(crate) const LAST_NAMES: &[&str] = &[
    "Abel",
    "Brandt",
    "Castro",
    "Dorsey",
    "Eriksen",
    "Fontaine",
    "Gupta",
    "Haas",
    "Ivanov",
    "Jansen",
    "Kimura",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "O'Brien",
    "Petrov",
    "Quist",
    "Rossi",
    "Santos",
    "Tanaka",
    "Ueda",
    "Vega",
    "Weiss",
    "Yilmaz",
    "Zimmer",
];

pub(crate) const TIME_ZONES: &[&str] = &[
    "Europe/Berlin",
    "America/New_York",
    "Asia/Tokyo",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Europe/London",
    "Australia/Sydney",
];

pub(crate) const LOCALES: &[&str] = &["en_US", "en_GB", "de_DE", "fr_FR", "ja_JP", "pt_BR"];

/// Project names with the letters their keys begin with; all starts differ.
pub(crate) const PROJECTS: &[(&str, &str)] = &[
    ("Payments", "PAY"),
    ("Harbor", "HRB"),
    ("Search", "SRCH"),
    ("Identity", "IDN"),
    ("Billing", "BIL"),
    ("Catalog", "CAT"),
    ("Delivery", "DLV"),
    ("Edge", "EDGE"),
    ("Fleet", "FLT"),
    ("Growth", "GRW"),
    ("Insights", "INS"),
    ("Journal", "JRN"),
    ("Kernel", "KRN"),
    ("Ledger", "LDG"),
    ("Mobile", "MOB"),
    ("Notify", "NTF"),
    ("Orders", "ORD"),
    ("Platform", "PLT"),
    ("Quality", "QLT"),
    ("Risk", "RSK"),
];

pub(crate) const TEAMS: &[&str] = &[
    "Anchors", "Beacons", "Currents", "Dolphins", "Eddies", "Fathoms", "Gulls", "Helms", "Isles",
    "Jetties",
];

pub(crate) const LABELS: &[&str] = &[
    "backend",
    "frontend",
    "security",
    "tech-debt",
    "customer",
    "regression",
    "performance",
    "compliance",
    "flaky",
    "documentation",
];

pub(crate) const COMPONENTS: &[&str] = &["api", "worker", "web", "storage", "tooling"];

pub(crate) const VERBS: &[&str] = &[
    "Add", "Fix", "Remove", "Rework", "Measure", "Document", "Migrate", "Speed up", "Harden",
    "Simplify",
];

pub(crate) const THINGS: &[&str] = &[
    "retry queue",
    "login form",
    "nightly export",
    "rate limiter",
    "audit trail",
    "invoice view",
    "schema check",
    "cache warm-up",
    "search index",
    "webhook intake",
    "feature flag",
    "mail sender",
];

pub(crate) const REASONS: &[&str] = &[
    "for large tenants",
    "after a restart",
    "on slow networks",
    "in the staging region",
    "before the next release",
    "when the clock shifts",
    "for guests",
    "under load",
];

pub(crate) const SENTENCES: &[&str] = &[
    "The job stops half way and leaves its lock behind. ",
    "Two customers told us about it last week, both with more than a thousand seats. ",
    "We could reproduce it with the \"quick start\" data set on a fresh machine. ",
    "The numbers on the dashboard and in the export differ by one row per page. ",
    "A short-term way out is to run the task by hand every morning. ",
    "Please keep the old behaviour behind a flag until the end of the quarter. ",
    "Logs show that the second attempt starts before the first one has ended. ",
    "Größere Anhänge (über 5 MB) sind ebenfalls betroffen. ",
    "Acceptance: the list is complete, in order, and loads in less than a second. ",
];

//! How do moments become text, and text moments?
//!
//! The conversions are those of the C library that jq calls, in the C locale.

use std::fmt::Write;

use super::value::Val;
use super::{Fault, Outcome, budget};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

const DAY: i64 = 86_400;

/// Marks of what a text did not say.
const NO_WEEKDAY: i64 = 8;
const NO_YEARDAY: i64 = 367;

/// A time of UTC, broken down as C does: months and days of the year count from zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) weekday: i64,
    pub(super) yearday: i64,
}

impl Moment {
    /// The moment so many seconds after 1970; [`None`] outside of some 30 million years.
    pub(super) fn from_seconds(seconds: f64) -> Option<Self> {
        if !(-1e15..1e15).contains(&seconds) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked to be in range")]
        let seconds = seconds as i64;
        let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        Some(Self {
            year,
            month,
            day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            weekday: weekday(days),
            yearday: days - days_before(year, 0, 1),
        })
    }

    /// Seconds after 1970; parts out of range carry over. [`None`] if there are too many.
    pub(super) fn seconds(&self) -> Option<i64> {
        days_before(self.year, self.month, self.day)
            .checked_mul(DAY)?
            .checked_add(self.hour.checked_mul(3600)?)?
            .checked_add(self.minute.checked_mul(60)?)?
            .checked_add(self.second)
    }
}

/// Days from 1970 to a date, whose month counts from zero and may be out of range.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = year + month.div_euclid(12);
    let month = month.rem_euclid(12);
    // Years begin in March, so that the leap day is the last of a year.
    let (year, month) = if month < 2 {
        (year - 1, month + 10)
    } else {
        (year, month - 2)
    };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month from zero and day, so many days after 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = year + era * 400;
    if month < 10 {
        (year, month + 2, day)
    } else {
        (year + 1, month - 10, day)
    }
}

fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

/// Formats a moment as `strftime` does.
pub(super) fn format(moment: &Moment, format: &str, zone: &str) -> Outcome {
    let mut out = String::new();
    write(&mut out, moment, format, zone)?;
    Ok(Val::from(out))
}

/// Pays while it writes: a short directive may stand for a long text.
fn write(out: &mut String, moment: &Moment, format: &str, zone: &str) -> Result<(), Fault> {
    budget::allocate(format.len())?;
    budget::spend_steps(format.len() as u64 / 64)?;
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        let mut directive = characters.next();
        // `%E` and `%O` ask for alternatives that the C locale does not have.
        if matches!(directive, Some('E' | 'O')) {
            directive = characters.next();
        }
        let Some(directive) = directive else {
            out.push('%');
            break;
        };
        budget::tick()?;
        let before = out.len();
        write_directive(out, moment, directive, zone)?;
        budget::allocate(out.len() - before)?;
    }
    Ok(())
}

fn write_directive(
    out: &mut String,
    moment: &Moment,
    directive: char,
    zone: &str,
) -> Result<(), Fault> {
    if let Some(expanded) = composite(directive) {
        return write(out, moment, expanded, zone);
    }
    if directive == 's' && moment.seconds().is_none() {
        return Err(Fault::str("strftime/1: unknown system failure"));
    }
    if let Some((number, width, pad)) = numeric(moment, directive) {
        // Writing to a String cannot fail.
        let written = match pad {
            '0' => write!(out, "{number:0width$}"),
            _ => write!(out, "{number:width$}"),
        };
        debug_assert!(written.is_ok());
        return Ok(());
    }
    let name = |names: &'static [&'static str], at: i64| {
        usize::try_from(at)
            .ok()
            .and_then(|at| names.get(at))
            .copied()
            .unwrap_or("?")
    };
    let short = |name: &'static str| name.get(..3).unwrap_or(name);
    match directive {
        'a' => out.push_str(short(name(&WEEKDAYS, moment.weekday))),
        'A' => out.push_str(name(&WEEKDAYS, moment.weekday)),
        'b' | 'h' => out.push_str(short(name(&MONTHS, moment.month))),
        'B' => out.push_str(name(&MONTHS, moment.month)),
        'p' => out.push_str(if moment.hour < 12 { "AM" } else { "PM" }),
        'P' => out.push_str(if moment.hour < 12 { "am" } else { "pm" }),
        'n' => out.push('\n'),
        't' => out.push('\t'),
        'z' => out.push_str("+0000"),
        'Z' => out.push_str(zone),
        '%' => out.push('%'),
        other => out.extend(['%', other]),
    }
    Ok(())
}

fn composite(directive: char) -> Option<&'static str> {
    Some(match directive {
        'c' => "%a %b %e %H:%M:%S %Y",
        'D' | 'x' => "%m/%d/%y",
        'F' => "%Y-%m-%d",
        'r' => "%I:%M:%S %p",
        'R' => "%H:%M",
        'T' | 'X' => "%H:%M:%S",
        _ => return None,
    })
}

/// Number, width and filling of a directive.
fn numeric(moment: &Moment, directive: char) -> Option<(i64, usize, char)> {
    let hour12 = (moment.hour + 11) % 12 + 1;
    let monday = (moment.weekday + 6) % 7;
    Some(match directive {
        'C' => (moment.year.div_euclid(100), 2, '0'),
        'd' => (moment.day, 2, '0'),
        'e' => (moment.day, 2, ' '),
        'g' => (iso_week(moment).0.rem_euclid(100), 2, '0'),
        'G' => (iso_week(moment).0, 1, '0'),
        'H' => (moment.hour, 2, '0'),
        'I' => (hour12, 2, '0'),
        'j' => (moment.yearday + 1, 3, '0'),
        'k' => (moment.hour, 2, ' '),
        'l' => (hour12, 2, ' '),
        'm' => (moment.month + 1, 2, '0'),
        'M' => (moment.minute, 2, '0'),
        's' => (moment.seconds()?, 1, '0'),
        'S' => (moment.second, 2, '0'),
        'u' => (monday + 1, 1, '0'),
        'U' => ((moment.yearday + 7 - moment.weekday) / 7, 2, '0'),
        'V' => (iso_week(moment).1, 2, '0'),
        'w' => (moment.weekday, 1, '0'),
        'W' => ((moment.yearday + 7 - monday) / 7, 2, '0'),
        'y' => (moment.year.rem_euclid(100), 2, '0'),
        'Y' => (moment.year, 1, '0'),
        _ => return None,
    })
}

/// The ISO 8601 year and week: a week belongs to the year of its Thursday.
fn iso_week(moment: &Moment) -> (i64, i64) {
    let days = days_before(moment.year, moment.month, moment.day);
    let thursday = days - (weekday(days) + 6) % 7 + 3;
    let (year, ..) = civil(thursday);
    (year, (thursday - days_before(year, 0, 1)) / 7 + 1)
}

/// Parses a text as `strptime` does; [`None`] if it does not match the format.
pub(super) fn parse(text: &str, format: &str) -> Option<Moment> {
    let moment = Moment {
        year: 1900,
        month: 0,
        day: 0,
        hour: 0,
        minute: 0,
        second: 0,
        weekday: NO_WEEKDAY,
        yearday: NO_YEARDAY,
    };
    let mut reader = Reader {
        rest: text,
        moment,
        afternoon: None,
        century: None,
    };
    reader.read(format)?;
    if !reader.rest.is_empty() && !reader.rest.starts_with(char::is_whitespace) {
        return None;
    }
    Some(reader.finish())
}

struct Reader<'t> {
    rest: &'t str,
    moment: Moment,
    afternoon: Option<bool>,
    century: Option<i64>,
}

impl Reader<'_> {
    fn read(&mut self, format: &str) -> Option<()> {
        let mut characters = format.chars();
        while let Some(character) = characters.next() {
            if character.is_whitespace() {
                self.rest = self.rest.trim_start();
            } else if character != '%' {
                self.rest = self.rest.strip_prefix(character)?;
            } else {
                let mut directive = characters.next()?;
                if matches!(directive, 'E' | 'O') {
                    directive = characters.next()?;
                }
                self.directive(directive)?;
            }
        }
        Some(())
    }

    fn directive(&mut self, directive: char) -> Option<()> {
        if let Some(expanded) = composite(directive) {
            return self.read(expanded);
        }
        match directive {
            'a' | 'A' => self.moment.weekday = self.name(&WEEKDAYS)?,
            'b' | 'B' | 'h' => self.moment.month = self.name(&MONTHS)?,
            'C' => self.century = Some(self.number(2, 0, 99)?),
            'd' | 'e' => self.moment.day = self.number(2, 1, 31)?,
            'H' | 'k' => {
                self.moment.hour = self.number(2, 0, 23)?;
                self.afternoon = None;
            }
            'I' | 'l' => {
                self.moment.hour = self.number(2, 1, 12)? % 12;
                self.afternoon.get_or_insert(false);
            }
            'j' => self.day_of_year()?,
            'm' => self.moment.month = self.number(2, 1, 12)? - 1,
            'M' => self.moment.minute = self.number(2, 0, 59)?,
            'n' | 't' => self.rest = self.rest.trim_start(),
            'p' | 'P' => {
                let upper = self.rest.get(..2)?.to_ascii_uppercase();
                self.afternoon = Some(match upper.as_str() {
                    "AM" => false,
                    "PM" => true,
                    _ => return None,
                });
                self.rest = self.rest.get(2..)?;
            }
            's' => self.epoch()?,
            'S' => self.moment.second = self.number(2, 0, 61)?,
            'u' => self.moment.weekday = self.number(1, 1, 7)? % 7,
            'w' => self.moment.weekday = self.number(1, 0, 6)?,
            // Weeks are read and have no effect.
            'U' | 'V' | 'W' => drop(self.number(2, 0, 53)?),
            'g' => drop(self.number(2, 0, 99)?),
            'G' => drop(self.number(4, 0, 9999)?),
            'y' => {
                let year = self.number(2, 0, 99)?;
                self.moment.year = if year < 69 { 2000 + year } else { 1900 + year };
            }
            'Y' => self.moment.year = self.number(4, 0, 9999)?,
            'z' => self.offset()?,
            'Z' => {
                let letter = |c: char| c.is_ascii_alphabetic();
                self.rest = self.rest.trim_start_matches(letter);
            }
            '%' => self.rest = self.rest.strip_prefix('%')?,
            _ => return None,
        }
        Some(())
    }

    /// Reads up to `digits` digits of a number between `least` and `most`.
    fn number(&mut self, digits: usize, least: i64, most: i64) -> Option<i64> {
        let text = self.rest.trim_start_matches(' ');
        let length = text
            .bytes()
            .take(digits)
            .take_while(u8::is_ascii_digit)
            .count();
        let (number, rest) = text.split_at_checked(length)?;
        let number = number.parse().ok()?;
        self.rest = rest;
        (least..=most).contains(&number).then_some(number)
    }

    /// Reads one of `names`, or the first three letters of it, in any case.
    fn name(&mut self, names: &[&str]) -> Option<i64> {
        for (at, name) in names.iter().enumerate() {
            for length in [name.len(), 3] {
                let found = self.rest.get(..length);
                if found.is_some_and(|found| {
                    found.eq_ignore_ascii_case(name.get(..length).unwrap_or(name))
                }) {
                    self.rest = self.rest.get(length..)?;
                    return i64::try_from(at).ok();
                }
            }
        }
        None
    }

    fn day_of_year(&mut self) -> Option<()> {
        self.moment.yearday = self.number(3, 1, 366)? - 1;
        Some(())
    }

    fn epoch(&mut self) -> Option<()> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at_checked(digits)?;
        self.moment = Moment::from_seconds(number.parse().ok()?)?;
        self.rest = rest;
        Some(())
    }

    /// Reads an offset from UTC, which has no effect on the result.
    fn offset(&mut self) -> Option<()> {
        self.rest = self.rest.trim_start_matches(' ');
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Some(());
        }
        self.rest = self.rest.strip_prefix(['+', '-'])?;
        self.number(2, 0, 99)?;
        self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            self.number(2, 0, 59)?;
        }
        Some(())
    }

    fn finish(self) -> Moment {
        let mut moment = self.moment;
        if self.afternoon == Some(true) {
            moment.hour = moment.hour % 12 + 12;
        }
        if let Some(century) = self.century {
            moment.year = century * 100 + moment.year.rem_euclid(100);
        }
        if moment.day == 0 && moment.yearday != NO_YEARDAY {
            let days = days_before(moment.year, 0, 1) + moment.yearday;
            (_, moment.month, moment.day) = civil(days);
        }
        if moment.day >= 1 {
            let days = days_before(moment.year, moment.month, moment.day);
            moment.weekday = weekday(days);
            moment.yearday = days - days_before(moment.year, 0, 1);
        }
        moment
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, Val, format, parse};

    #[test]
    fn seconds_and_dates_convert_both_ways() {
        for seconds in [
            0,
            -1,
            951_782_399,
            951_782_400,
            1_709_164_800,
            -62_135_596_800,
        ] {
            #[expect(clippy::cast_precision_loss, reason = "small in tests")]
            let moment = Moment::from_seconds(seconds as f64).unwrap();
            assert_eq!(moment.seconds(), Some(seconds));
        }
    }

    #[test]
    fn text_that_goes_on_does_not_match() {
        assert!(parse("2024-03-05T01:02:03.5Z", "%Y-%m-%dT%H:%M:%SZ").is_none());
        let moment = parse("2024-03-05T01:02:03Z", "%Y-%m-%dT%H:%M:%SZ").unwrap();
        assert_eq!(
            format(&moment, "%d.%m.%Y %j %V", "UTC").unwrap(),
            Val::from("05.03.2024 065 10")
        );
    }
}

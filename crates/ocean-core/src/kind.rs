//! What a third-party system is made of: its *kinds* (projects, issues, users ...).
//!
//! Start with [`kinds!`](crate::kinds), which writes the enum and its [`Kind`] impl in one go.

use std::fmt::Debug;

/// The kinds of one integration, as a plain enum.
///
/// The text of a kind is what mapping files say after `kind:`; it must be unique within `ALL`.
/// Write the impl with [`kinds!`](crate::kinds), or by hand around an enum that derives `strum` traits:
///
/// ```
/// use ocean_core::Kind;
///
/// #[derive(Debug, Clone, Copy)]
/// enum Kinds {
///     Project,
/// }
///
/// impl Kind for Kinds {
///     const ALL: &'static [Self] = &[Self::Project];
///     fn as_str(self) -> &'static str {
///         match self {
///             Self::Project => "project",
///         }
///     }
/// }
/// ```
pub trait Kind: Copy + Debug + Send + Sync + 'static {
    /// Every kind of the enum, in the order in which documentation lists them.
    const ALL: &'static [Self];

    /// The name that mapping files use.
    fn as_str(self) -> &'static str;
}

/// Writes an enum of kinds and its [`Kind`] impl.
///
/// ```
/// use ocean_core::{Kind, kinds};
///
/// kinds! {
///     /// What we read from the ticket desk.
///     pub enum Kinds {
///         /// A ticket, open or closed.
///         Ticket = "ticket",
///         /// A person who may own tickets.
///         Agent = "agent",
///     }
/// }
///
/// assert_eq!(Kinds::Ticket.as_str(), "ticket");
/// assert_eq!(Kinds::ALL.len(), 2);
/// assert_eq!(Kinds::Agent.to_string(), "agent");
/// ```
#[macro_export]
macro_rules! kinds {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis enum $name {
            $( $(#[$variant_meta])* $variant ),+
        }

        impl $crate::Kind for $name {
            const ALL: &'static [Self] = &[ $( Self::$variant ),+ ];

            fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $text ),+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str($crate::Kind::as_str(*self))
            }
        }
    };
}

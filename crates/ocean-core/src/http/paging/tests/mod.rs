//! Every way a listing can lie: by name in `named`, about tokens that are called differently in
//! `renamed`, by additions in `added`, and at random in `hostile`.

mod added;
mod hostile;
mod named;
mod renamed;

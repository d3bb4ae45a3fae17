//! Every way a listing can lie, by name in `named`, by additions in `added`, and at random in `hostile`.

mod added;
mod hostile;
mod named;

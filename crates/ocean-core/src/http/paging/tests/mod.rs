//! Every way a listing can lie, by name in `named`, and at random in `hostile`.

mod hostile;
mod named;

//! A withdrawal takes a case back from everybody who syncs.

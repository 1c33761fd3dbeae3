//! The real server on a port, with a store in a folder.

"""From the caller's thread to the server: a bounded queue, one sender, a spool for bad times."""

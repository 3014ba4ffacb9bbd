"""HTTP over plain sockets, with deadlines that hold.

`http.client` times each read, not the whole answer: a server that sends a byte now and then holds
its caller for hours. And importing anything in the sender's thread while another thread forks may
leave an import lock held for ever in the child, so all that is needed is imported at the start.
"""

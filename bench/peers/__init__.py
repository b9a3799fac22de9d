"""Who else answers, each used as its documentation recommends for speed."""

# The providers of the miniature are served to it: there is nothing to look up in here.

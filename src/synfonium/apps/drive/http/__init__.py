"""Drive's pages, its small JSON doors, the upload of forms and the content origin."""

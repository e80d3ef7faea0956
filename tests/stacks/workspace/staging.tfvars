queues = { mails = { delay = 5 }, orders = {} }

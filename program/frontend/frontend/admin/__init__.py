"""The administrators' area: plain forms, never cached, guarded against forged requests.

area            rules for all its pages; call: a request, and the answers to it
visit           who is signed in; sign_in, credentials; forgery: whether our own page sent a form
form            forms as data; submit sends one and loses no text; sure asks before a deletion
components, incidents, updates, maintenances, people    the pages
incident_form, affected    fields that several pages share
"""

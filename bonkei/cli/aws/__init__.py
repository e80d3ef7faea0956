"""Commands about AWS's APIs, as the miniature answers them.

command    `bonkei aws`: the real `aws` command against the miniature
iam        `bonkei iam`: denied calls, grants and their use, and a sufficient policy
"""

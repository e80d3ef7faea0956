"""CodeCommit: a bare git repository for each declared one, and for each that a call creates.

repositories   the repositories, and the commits of pushes
git            runs git in one of them
commits        commits and branches as values
working_copy   releases a commit of the working copy into them
hook           notes each push, for code that waits for one
api            CodeCommit's API
http           git over HTTP
"""

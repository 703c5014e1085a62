"""What all pages for people share: headers, cookies, forms as posted, passwords, static files.

Who comes, and what they see, is `admin`'s and `parent`'s.
"""

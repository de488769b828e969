# A hub for demonstration only: anyone with the password may log in under any name, and all are one Unix user.
import os

c.JupyterHub.authenticator_class = "dummy"
# A name is a folder below home/: '.', '..' and other names that lead elsewhere are refused.
c.Authenticator.username_pattern = r"[A-Za-z0-9][A-Za-z0-9._@+-]*\Z"
c.DummyAuthenticator.password = os.environ["DEMO_PASSWORD"]
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = os.path.join(os.getcwd(), "home/{username}")

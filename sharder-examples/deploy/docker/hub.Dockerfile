# A JupyterHub for the demonstration in compose.yaml.
FROM jupyterhub/jupyterhub:4
RUN pip install --no-cache-dir "jupyterlab==4.*" && useradd --create-home --uid 10002 hub
COPY jupyterhub_config.py /srv/jupyterhub/
USER 10002:10002
WORKDIR /home/hub
CMD ["jupyterhub", "-f", "/srv/jupyterhub/jupyterhub_config.py"]
